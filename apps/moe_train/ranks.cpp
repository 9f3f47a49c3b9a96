#include "moe_train/ranks.hpp"

#include <bit>

#include "base/error.hpp"
#include "base/machine.hpp"
#include "base/stop_signal.hpp"
#include "dist/launch.hpp"
#include "dist/message.hpp"
#include "dist/orders.hpp"
#include "options/config_json.hpp"
#include "training/follower.hpp"

namespace moelm {

Index lanes_for(int ranks) { return static_cast<Index>(std::bit_ceil(static_cast<unsigned>(ranks))); }

void require_lanes(const RunConfig& config, const Communicator& ranks) {
  if (config.train.lanes >= ranks.size()) return;
  throw Error(Exit::bad_config, "train.lanes: expected at least the " + std::to_string(ranks.size()) +
                                    " ranks, found " + std::to_string(config.train.lanes) +
                                    "; --set train.lanes=" + std::to_string(lanes_for(ranks.size())) +
                                    " raises it, and results then differ in their last digits");
}

void announce_training(Communicator& ranks, const RunConfig& config, Index vocabulary, std::optional<int> threads) {
  if (ranks.size() == 1) return;
  ranks.set_patience(config.train.step_timeout);
  MessageWriter message;
  message.text(json_text(config_json(config)));
  message.value(vocabulary);
  message.value(threads.value_or(0));
  give_order(ranks, Order::train, message.finish());
}

int follow_leader(Communicator& ranks) {
  StopSignal& stop = StopSignal::of_process();
  stop.defer();
  const GivenOrder first = receive_order(ranks);
  MessageReader message(first.content);
  if (first.order == Order::end) return message.value<int>();
  ConfigDraft draft;
  apply_document(parse_json(message.text(), "configuration of rank 0"), "configuration of rank 0", draft);
  const auto vocabulary = message.value<Index>();
  const int threads = message.value<int>();
  const TrainConfig& train = draft.config.train;
  ranks.set_patience(train.step_timeout);
  Context context(threads > 0 ? threads : threads_of_rank(default_threads(), find_launch()).threads,
                  products_of(train));
  return follow_training(
      context, {draft.config.model, draft.config.optimizer, vocabulary, static_cast<std::uint64_t>(train.seed)}, ranks,
      [&stop] { return stop.requested(); });
}

}  // namespace moelm
