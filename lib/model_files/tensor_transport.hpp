// Tensors between the leading rank, which alone reads and writes files, and the ranks that have them.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>

#include "dist/orders.hpp"
#include "model/parameters.hpp"

namespace moelm {

/// For the leader: the bytes of a tensor to its owner, or to every rank.
void store_on_ranks(Communicator& ranks, const std::string& name, int owner, std::span<const std::byte> bytes);

/// For the leader: the bytes of a tensor from its owner, another rank.
void fetch_from_rank(Communicator& ranks, const std::string& name, int owner, std::span<std::byte> bytes);

/// For the leader: gives all ranks its own values of what every rank has.
void spread_copies(Communicator& ranks, const std::vector<NamedTensor>& tensors);

/// The memory of a tensor that is here.
std::span<std::byte> bytes_of(const NamedTensor& tensor);

/// For the others: the tensors that they have, by name.
class HeldTensors {
 public:
  void add(const std::string& name, std::span<std::byte> bytes) { tensors_[name] = bytes; }
  void add(const std::vector<NamedTensor>& tensors);

  /// Follow Order::store and Order::fetch.
  void store(Communicator& ranks, const Bytes& order) const;
  void fetch(Communicator& ranks, const Bytes& order) const;

 private:
  std::span<std::byte> find(const std::string& name, std::uint64_t size) const;

  std::map<std::string, std::span<std::byte>> tensors_;
};

}  // namespace moelm
