// The contents of a disk, and changes to them that a power failure may drop, keep or tear.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace moelm {

/// Files and folders by number; number 0 is the root.
struct DiskTree {
  struct Node {
    bool directory = false;
    std::string bytes;
    std::map<std::string, int> names;
    bool operator==(const Node&) const = default;
  };
  std::vector<Node> nodes{{true, "", {}}};

  bool operator==(const DiskTree&) const = default;
};

/// One change that waits for a sync of its file or folder.
struct DiskChange {
  enum class Kind { write, resize, name, unname, rename };
  Kind kind;
  int node;  ///< the file, or the folder that holds the name
  std::size_t offset = 0;
  std::string bytes, name, to;
  int target = -1;  ///< what the name stands for

  bool is_data() const { return kind == Kind::write || kind == Kind::resize; }
  void apply(DiskTree& tree) const {
    DiskTree::Node& n = tree.nodes[static_cast<std::size_t>(node)];
    switch (kind) {
      case Kind::write:
        if (n.bytes.size() < offset + bytes.size()) n.bytes.resize(offset + bytes.size());
        n.bytes.replace(offset, bytes.size(), bytes);
        break;
      case Kind::resize:
        n.bytes.resize(offset);
        break;
      case Kind::name:
        n.names[name] = target;
        break;
      case Kind::unname:
        n.names.erase(name);
        break;
      case Kind::rename:
        n.names.erase(name);
        n.names[to] = target;
        break;
    }
  }
};

}  // namespace moelm
