// A disk in memory that knows what a sync has made durable, so that every state that a power failure may leave can be
// looked at; it also dies at a chosen call, ignores chosen syncs, and gets full.
#pragma once

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "io/file_system.hpp"
#include "support/disk_tree.hpp"

namespace moelm {

/// A sync of a file makes its bytes durable, a sync of a folder the names in it, nothing else does either; without a
/// sync any part of what was done may be on the disk and any other part not, in any order. Not thread-safe.
class SimulatedDisk : public FileSystem {
 public:
  SimulatedDisk() = default;
  /// The disk after the power came back.
  explicit SimulatedDisk(DiskTree tree) : durable_(tree), now_(std::move(tree)) {}

  /// Called before each call with its name.
  std::function<void(const std::string& call)> before_call;
  /// Calls that still succeed; then the process is dead: nothing that it does has an effect.
  int calls_left = -1;
  /// Numbers (from 1) of syncs that do nothing, although they say that they did.
  std::set<int> ignored_syncs;
  /// Bytes that fit.
  std::size_t capacity = std::size_t{1} << 30;

  int calls() const { return calls_; }
  int syncs() const { return syncs_; }
  /// Grows with everything that after_power_failure() depends on.
  int version() const { return version_; }
  /// What processes see, and what is left when a process dies.
  const DiskTree& now() const { return now_; }
  /// The next process: nothing is open, and it may make as many calls.
  void start_process(int calls = -1) {
    opened_.clear();
    calls_left = calls;
  }

  /// The states that a power failure at this moment may leave: nothing of what was not synced, all of it, each change
  /// alone, all but one, names without bytes and bytes without names, and each write torn in the middle, zeros or
  /// garbage instead, with all others or without any.
  std::vector<DiskTree> after_power_failure() const {
    std::vector<DiskTree> states;
    const auto add = [&](const std::function<const DiskChange*(std::size_t)>& chosen) {
      DiskTree tree = durable_;
      for (std::size_t i = 0; i < pending_.size(); ++i)
        if (const DiskChange* change = chosen(i)) change->apply(tree);
      if (std::find(states.begin(), states.end(), tree) == states.end()) states.push_back(std::move(tree));
    };
    const auto all = [&](std::size_t i) { return &pending_[i]; };
    const auto none = [](std::size_t) -> const DiskChange* { return nullptr; };
    add(none);
    add(all);
    add([&](std::size_t i) { return pending_[i].is_data() ? &pending_[i] : nullptr; });
    add([&](std::size_t i) { return pending_[i].is_data() ? nullptr : &pending_[i]; });
    for (std::size_t one = 0; one < pending_.size(); ++one) {
      add([&](std::size_t i) { return i == one ? &pending_[i] : nullptr; });
      add([&](std::size_t i) { return i == one ? nullptr : &pending_[i]; });
      for (const DiskChange& torn : torn_forms(pending_[one])) {
        add([&](std::size_t i) { return i == one ? &torn : &pending_[i]; });
        add([&](std::size_t i) { return i == one ? &torn : nullptr; });
      }
    }
    return states;
  }

  int open(const char* path, int flags, mode_t) override {
    if (dead("open")) return -1;
    int node = find(path);
    if (node >= 0 && (flags & O_EXCL) != 0) return fail(EEXIST);
    if (node < 0 && (flags & O_CREAT) == 0) return fail(ENOENT);
    if (node < 0) node = make(path, false);
    if (node < 0) return -1;
    if ((flags & O_DIRECTORY) != 0 && !at(node).directory) return fail(ENOTDIR);
    opened_[++last_descriptor_] = {node, 0, (flags & O_APPEND) != 0};
    return last_descriptor_;
  }
  int close(int d) override {
    if (dead("close")) return -1;
    return opened_.erase(d) == 1 ? 0 : fail(EBADF);
  }
  ssize_t read(int d, void* bytes, std::size_t count) override {
    if (dead("read")) return -1;
    const ssize_t done = copy_out(opened_.at(d).node, bytes, count, opened_.at(d).position);
    opened_.at(d).position += static_cast<std::size_t>(done);
    return done;
  }
  ssize_t pread(int d, void* bytes, std::size_t count, off_t offset) override {
    return dead("pread") ? -1 : copy_out(opened_.at(d).node, bytes, count, static_cast<std::size_t>(offset));
  }
  ssize_t write(int d, const void* bytes, std::size_t count) override {
    if (dead("write")) return -1;
    Opened& file = opened_.at(d);
    if (file.append) file.position = at(file.node).bytes.size();
    const std::size_t over = file.position + count - std::min(file.position + count, at(file.node).bytes.size());
    const std::size_t lacking = over - std::min(over, room());
    if (count > 0 && lacking >= count) return fail(ENOSPC);
    const std::string written(static_cast<const char*>(bytes), count - lacking);
    change({DiskChange::Kind::write, file.node, file.position, written, "", "", -1});
    file.position += written.size();
    return static_cast<ssize_t>(written.size());
  }
  int fsync(int d) override { return sync("fsync", d); }
  int fdatasync(int d) override { return sync("fdatasync", d); }
  int ftruncate(int d, off_t size) override {
    if (dead("ftruncate")) return -1;
    change({DiskChange::Kind::resize, opened_.at(d).node, static_cast<std::size_t>(size), "", "", "", -1});
    return 0;
  }
  int allocate(int d, off_t size) override {
    if (dead("allocate")) return -1;
    const auto wanted = static_cast<std::size_t>(size), has = at(opened_.at(d).node).bytes.size();
    if (wanted <= has) return 0;
    if (wanted - has > room()) return fail(ENOSPC);
    change({DiskChange::Kind::resize, opened_.at(d).node, wanted, "", "", "", -1});
    return 0;
  }
  int drop_cache(int) override { return dead("drop_cache") ? -1 : 0; }
  int flock(int, int) override { return dead("flock") ? -1 : 0; }
  int fstat(int d, struct stat* status) override { return dead("fstat") ? -1 : describe(opened_.at(d).node, status); }
  int lstat(const char* path, struct stat* status) override {
    return dead("lstat") ? -1 : describe(find(path), status);
  }
  int stat(const char* path, struct stat* status) override { return dead("stat") ? -1 : describe(find(path), status); }
  int statvfs(const char*, struct statvfs* status) override {
    if (dead("statvfs")) return -1;
    *status = {};
    status->f_frsize = 1;
    status->f_blocks = capacity;
    status->f_bavail = room();
    return 0;
  }
  int mkdir(const char* path, mode_t) override {
    if (dead("mkdir")) return -1;
    if (find(path) >= 0) return fail(EEXIST);
    return make(path, true) < 0 ? -1 : 0;
  }
  int rmdir(const char* path) override {
    if (dead("rmdir")) return -1;
    const int node = find(path);
    if (node < 0) return fail(ENOENT);
    if (!at(node).names.empty()) return fail(ENOTEMPTY);
    return remove(path);
  }
  int unlink(const char* path) override {
    if (dead("unlink")) return -1;
    const int node = find(path);
    if (node < 0) return fail(ENOENT);
    return at(node).directory ? fail(EISDIR) : remove(path);
  }
  int link(const char*, const char*) override { return dead("link") ? -1 : fail(EPERM); }
  int rename(const char* from, const char* to) override { return dead("rename") ? -1 : move(from, to); }
  int rename_no_replace(const char* from, const char* to) override {
    if (dead("rename_no_replace")) return -1;
    return find(to) >= 0 ? fail(EEXIST) : move(from, to);
  }
  int list(const char* path, std::vector<std::string>* names) override {
    if (dead("list")) return -1;
    const int node = find(path);
    if (node < 0) return fail(ENOENT);
    for (const auto& [name, target] : at(node).names) names->push_back(name);
    return 0;
  }

 private:
  struct Opened {
    int node;
    std::size_t position;
    bool append;
  };

  static int fail(int error) {
    errno = error;
    return -1;
  }
  bool dead(const char* call) {
    if (before_call) before_call(call);
    ++calls_;
    if (calls_left == 0) errno = EIO;
    return calls_left == 0 || (calls_left > 0 && calls_left-- == 0);
  }
  const DiskTree::Node& at(int node) const { return now_.nodes[static_cast<std::size_t>(node)]; }

  static std::pair<std::string, std::string> split(const std::string& path) {
    const std::size_t slash = path.find_last_of('/');
    return {path.substr(0, slash), path.substr(slash + 1)};
  }
  int find(const std::string& path) const {
    int node = 0;
    for (std::size_t begin = 0; begin < path.size();) {
      const std::size_t end = std::min(path.find('/', begin), path.size());
      const std::string name = path.substr(begin, end - begin);
      begin = end + 1;
      if (name.empty()) continue;
      const auto found = at(node).names.find(name);
      if (found == at(node).names.end()) return -1;
      node = found->second;
    }
    return node;
  }
  void change(DiskChange made) {
    ++version_;
    made.apply(now_);
    pending_.push_back(std::move(made));
  }
  int make(const std::string& path, bool directory) {
    const auto [parent, name] = split(path);
    const int folder = find(parent);
    if (folder < 0) return fail(ENOENT);
    const int node = static_cast<int>(now_.nodes.size());
    now_.nodes.push_back({directory, "", {}});
    durable_.nodes.push_back({directory, "", {}});
    change({DiskChange::Kind::name, folder, 0, "", name, "", node});
    return node;
  }
  int remove(const std::string& path) {
    const auto [parent, name] = split(path);
    change({DiskChange::Kind::unname, find(parent), 0, "", name, "", -1});
    return 0;
  }
  int move(const std::string& from, const std::string& to) {
    const auto [parent, name] = split(from);
    const auto [other, new_name] = split(to);
    const int node = find(from);
    if (node < 0) return fail(ENOENT);
    if (parent != other) return fail(EXDEV);
    change({DiskChange::Kind::rename, find(parent), 0, "", name, new_name, node});
    return 0;
  }
  int sync(const char* call, int d) {
    if (dead(call)) return -1;
    if (ignored_syncs.contains(++syncs_)) return 0;
    ++version_;
    const int node = opened_.at(d).node;
    std::vector<DiskChange> rest;
    for (DiskChange& made : pending_)
      if (made.node == node)
        made.apply(durable_);
      else
        rest.push_back(std::move(made));
    pending_ = std::move(rest);
    return 0;
  }
  ssize_t copy_out(int node, void* bytes, std::size_t count, std::size_t offset) const {
    const std::string& from = at(node).bytes;
    const std::size_t done = std::min(count, from.size() - std::min(from.size(), offset));
    std::copy_n(from.data() + (done > 0 ? offset : 0), done, static_cast<char*>(bytes));
    return static_cast<ssize_t>(done);
  }
  int describe(int node, struct stat* status) const {
    if (node < 0) return fail(ENOENT);
    *status = {};
    status->st_mode = at(node).directory ? S_IFDIR | 0755 : S_IFREG | 0644;
    status->st_size = static_cast<off_t>(at(node).bytes.size());
    return 0;
  }
  std::size_t bytes_below(int node) const {
    std::size_t bytes = at(node).bytes.size();
    for (const auto& [name, target] : at(node).names) bytes += bytes_below(target);
    return bytes;
  }
  std::size_t room() const { return capacity - std::min(capacity, bytes_below(0)); }

  static std::vector<DiskChange> torn_forms(const DiskChange& change) {
    if (change.kind != DiskChange::Kind::write || change.bytes.empty()) return {};
    std::vector<DiskChange> forms(3, change);
    forms[0].bytes.resize(change.bytes.size() / 2);
    forms[1].bytes.assign(change.bytes.size(), '\0');
    for (char& c : forms[2].bytes) c = static_cast<char>(c ^ 0x5a);
    return forms;
  }

  DiskTree durable_, now_;
  std::vector<DiskChange> pending_;
  std::map<int, Opened> opened_;
  int last_descriptor_ = 1 << 20, calls_ = 0, syncs_ = 0, version_ = 0;
};

}  // namespace moelm
