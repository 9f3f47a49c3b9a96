#include "dist/orders.hpp"

#include <stdexcept>
#include <utility>

#include "dist/message.hpp"

namespace moelm {

void give_order(Communicator& ranks, Order order, Bytes content) {
  if (ranks.is_together()) throw std::runtime_error("the other ranks wait for something that failed here");
  MessageWriter message;
  message.value(order);
  message.values(content);
  Bytes bytes = message.finish();
  broadcast(ranks, Phase::order, bytes);
}

void end_followers(Communicator& ranks, int code) {
  MessageWriter message;
  message.value(code);
  give_order(ranks, Order::end, message.finish());
}

int exit_code_of(const GivenOrder& end) { return MessageReader(end.content).value<int>(); }

GivenOrder receive_order(Communicator& ranks) {
  Bytes bytes;
  broadcast(ranks, Phase::order, bytes);
  MessageReader message(bytes);
  GivenOrder given;
  given.order = message.value<Order>();
  message.values(given.content);
  return given;
}

}  // namespace moelm
