#include "model_files/tensor_transport.hpp"

#include "dist/message.hpp"

namespace moelm {

namespace {

struct TensorOrder {
  std::string name;
  int owner;
  std::uint64_t bytes;
};

Bytes content(const TensorOrder& order) {
  MessageWriter message;
  message.text(order.name);
  message.value(order.owner);
  message.value(order.bytes);
  return message.finish();
}

TensorOrder read_order(const Bytes& bytes) {
  MessageReader message(bytes);
  TensorOrder order;
  order.name = message.text();
  order.owner = message.value<int>();
  order.bytes = message.value<std::uint64_t>();
  return order;
}

bool concerns(const TensorOrder& order, const Communicator& ranks) {
  return order.owner == kEveryRank || order.owner == ranks.rank();
}

}  // namespace

void store_on_ranks(Communicator& ranks, const std::string& name, int owner, std::span<const std::byte> bytes) {
  give_order(ranks, Order::store, content({name, owner, bytes.size()}));
  std::vector<Outgoing> sends;
  for (int r = 1; r < ranks.size(); ++r)
    if ((owner == kEveryRank || owner == r) && !bytes.empty()) sends.push_back({r, bytes});
  ranks.exchange(Phase::tensor, sends, {});
}

void fetch_from_rank(Communicator& ranks, const std::string& name, int owner, std::span<std::byte> bytes) {
  give_order(ranks, Order::fetch, content({name, owner, bytes.size()}));
  const Incoming receive{owner, bytes};
  if (!bytes.empty()) ranks.exchange(Phase::tensor, {}, std::span(&receive, 1));
}

void spread_copies(Communicator& ranks, const std::vector<NamedTensor>& tensors) {
  for (const NamedTensor& tensor : tensors)
    if (tensor.owner == kEveryRank) store_on_ranks(ranks, tensor.name, kEveryRank, bytes_of(tensor));
}

std::span<std::byte> bytes_of(const NamedTensor& tensor) {
  if (tensor.bf16_values != nullptr)
    return std::as_writable_bytes(
        std::span(tensor.bf16_values->data(), static_cast<std::size_t>(tensor.bf16_values->size())));
  return std::as_writable_bytes(tensor.values->values());
}

void HeldTensors::add(const std::vector<NamedTensor>& tensors) {
  for (const NamedTensor& tensor : tensors)
    if (tensor.is_here()) add(tensor.name, bytes_of(tensor));
}

std::span<std::byte> HeldTensors::find(const std::string& name, std::uint64_t size) const {
  const auto found = tensors_.find(name);
  ensure(found != tensors_.end() && found->second.size() == size, "ranks have the tensors that the leader thinks");
  return found->second;
}

void HeldTensors::store(Communicator& ranks, const Bytes& order) const {
  const TensorOrder given = read_order(order);
  if (!concerns(given, ranks) || given.bytes == 0) return ranks.exchange(Phase::tensor, {}, {});
  const Incoming receive{0, find(given.name, given.bytes)};
  ranks.exchange(Phase::tensor, {}, std::span(&receive, 1));
}

void HeldTensors::fetch(Communicator& ranks, const Bytes& order) const {
  const TensorOrder given = read_order(order);
  if (!concerns(given, ranks) || given.bytes == 0) return;
  const Outgoing send{0, find(given.name, given.bytes)};
  ranks.exchange(Phase::tensor, std::span(&send, 1), {});
}

}  // namespace moelm
