#include "dist/communicator.hpp"

#include <exception>

namespace moelm {

namespace {

class ArrivedTransfer final : public Transfer {
 public:
  void wait() override {}
};

}  // namespace

std::unique_ptr<Transfer> Communicator::start(Messages messages, std::function<Messages()> then) {
  exchange(messages.phase, messages.sends, messages.receives);
  if (then) {
    const Messages last = then();
    exchange(last.phase, last.sends, last.receives);
  }
  return std::make_unique<ArrivedTransfer>();
}

std::string_view phase_name(Phase phase) {
  switch (phase) {
    case Phase::start:
      return "start";
    case Phase::order:
      return "waiting for the next order";
    case Phase::batch:
      return "batch";
    case Phase::expert_counts:
      return "counts of rows for experts";
    case Phase::expert_rows:
      return "rows to experts";
    case Phase::expert_outputs:
      return "outputs of experts";
    case Phase::expert_gradients:
      return "gradients to experts";
    case Phase::expert_dinputs:
      return "gradients from experts";
    case Phase::routing_sums:
      return "sums of the routing";
    case Phase::gradient_slices:
      return "slices of gradients";
    case Phase::gradient_sums:
      return "sums of gradients";
    case Phase::row_gradients:
      return "gradients of rows of tables";
    case Phase::faults:
      return "check of the step";
    case Phase::weights_written:
      return "check of the weights";
    case Phase::carried_states:
      return "carried states";
    case Phase::tensor:
      return "tensor of a file";
    case Phase::end:
      return "end of the program";
  }
  return "";
}

Together::Together(Communicator* ranks) : ranks_(ranks), exceptions_(std::uncaught_exceptions()) {
  if (ranks_ != nullptr) ranks_->set_together(true);
}

Together::~Together() {
  if (ranks_ != nullptr && std::uncaught_exceptions() == exceptions_) ranks_->set_together(false);
}

}  // namespace moelm
