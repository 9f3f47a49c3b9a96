#include "moe_train/ranks.hpp"

#include <algorithm>
#include <bit>

#include "base/error.hpp"
#include "base/machine.hpp"
#include "base/stop_signal.hpp"
#include "dist/launch.hpp"
#include "model_files/model_message.hpp"
#include "training/follower.hpp"

namespace moelm {

Index lanes_for(const TrainConfig& config, int ranks) {
  const auto lanes = static_cast<Index>(std::bit_ceil(static_cast<unsigned>(ranks)));
  return config.state == StateKind::carry ? std::min(lanes, config.batch) : lanes;
}

void require_lanes(const RunConfig& config, const Communicator& ranks) {
  if (config.train.lanes >= ranks.size()) return;
  if (config.train.state == StateKind::carry && config.train.batch < ranks.size())
    throw Error(Exit::bad_config, "train.batch: expected a stream for each of the " + std::to_string(ranks.size()) +
                                      " ranks, found " + std::to_string(config.train.batch) + "; start fewer ranks");
  throw Error(Exit::bad_config, "train.lanes: expected at least the " + std::to_string(ranks.size()) +
                                    " ranks, found " + std::to_string(config.train.lanes) +
                                    "; --set train.lanes=" + std::to_string(lanes_for(config.train, ranks.size())) +
                                    " raises it, and results then differ in their last digits");
}

int follow_leader(Communicator& ranks) {
  StopSignal& stop = StopSignal::of_process();
  stop.defer();
  const GivenOrder first = receive_order(ranks);
  if (first.order == Order::end) return exit_code_of(first);
  const SharedModel model = read_model(first.content);
  ranks.set_patience(model.config.train.step_timeout);
  Context context(model.threads > 0 ? model.threads : threads_of_rank(default_threads(), find_launch()).threads,
                  model.products);
  return follow_training(context, model, ranks, [&stop] { return stop.requested(); });
}

}  // namespace moelm
