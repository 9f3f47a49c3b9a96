// Orders of the leader, rank 0, to the followers. Only the leader touches files, the clock and the terminal. The
// followers wait for its orders and take part in what it does.
#pragma once

#include "dist/collectives.hpp"

namespace moelm {

enum class Order : int {
  train,   ///< make a model and its optimizer; followed by its configuration
  score,   ///< make a model; followed by its configuration
  step,    ///< an optimizer step; followed by the batches of the lanes
  states,  ///< send the carried states of your lanes
  pass,    ///< the leader runs its own rows through the model in evaluation: serve the experts
  store,   ///< a tensor comes: its name, then its bytes
  fetch,   ///< send a tensor: its name
  end      ///< the program ends with this exit code
};

struct GivenOrder {
  Order order = Order::end;
  Bytes content;
};

/// For the leader. Returns when the message is under way. Throws inside an operation of all ranks.
void give_order(Communicator& ranks, Order order, Bytes content = {});

/// For the leader: ends the followers, which return `code`.
void end_followers(Communicator& ranks, int code);

/// The exit code of Order::end.
int exit_code_of(const GivenOrder& end);

/// For a follower: waits for the next order.
GivenOrder receive_order(Communicator& ranks);

}  // namespace moelm
