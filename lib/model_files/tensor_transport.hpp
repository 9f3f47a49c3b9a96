// Moves tensors between the leader, which alone reads and writes files, and the ranks that have them.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>

#include "dist/orders.hpp"
#include "model/parameters.hpp"

namespace moelm {

/// For the leader: sends the bytes of a tensor to its owner, or to every rank if all have a copy.
void store_on_ranks(Communicator& ranks, const std::string& name, int owner, std::span<const std::byte> bytes);

/// For the leader: gets the bytes of a tensor from its owner. REQUIRES another rank as owner.
void fetch_from_rank(Communicator& ranks, const std::string& name, int owner, std::span<std::byte> bytes);

/// For the leader: sends its values of all tensors that every rank has a copy of.
void spread_copies(Communicator& ranks, const std::vector<NamedTensor>& tensors);

/// The memory of a tensor of this rank.
std::span<std::byte> bytes_of(const NamedTensor& tensor);

/// For followers: the tensors of this rank, by name.
class HeldTensors {
 public:
  void add(const std::string& name, std::span<std::byte> bytes) { tensors_[name] = bytes; }
  void add(const std::vector<NamedTensor>& tensors);

  /// Carry out Order::store and Order::fetch.
  void store(Communicator& ranks, const Bytes& order) const;
  void fetch(Communicator& ranks, const Bytes& order) const;

 private:
  std::span<std::byte> find(const std::string& name, std::uint64_t size) const;

  std::map<std::string, std::span<std::byte>> tensors_;
};

}  // namespace moelm
