// What the leading rank tells the others to do next. Only rank 0 touches files, the clock and the terminal; the others
// wait for its orders and take part in what it does.
#pragma once

#include "dist/collectives.hpp"

namespace moelm {

enum class Order : int {
  train,  ///< make a model and its optimizer; followed by its configuration
  score,  ///< make a model; followed by its configuration
  step,   ///< an optimizer step; followed by the batches of the lanes
  pass,   ///< the leader runs its own rows through the model in evaluation: serve the experts
  store,  ///< a tensor comes: its name, then its bytes
  fetch,  ///< send a tensor: its name
  end     ///< the program ends with this exit code
};

struct GivenOrder {
  Order order = Order::end;
  Bytes content;
};

/// For rank 0. Returns when the message is under way. Throws if the ranks are in the middle of something.
void give_order(Communicator& ranks, Order order, Bytes content = {});

/// For rank 0: ends the others, who return `code`.
void end_followers(Communicator& ranks, int code);

/// The exit code of Order::end.
int exit_code_of(const GivenOrder& end);

/// For the others: waits for the next order.
GivenOrder receive_order(Communicator& ranks);

}  // namespace moelm
