#include "options/step_in_parts.hpp"

#include <string>

#include "base/error.hpp"

namespace moelm {

namespace {

/// Why there are lanes, for those who asked for none.
constexpr const char* kWhyLanes = "; several ranks share a step by its lanes";

[[noreturn]] void refuse(const std::string& key, const std::string& expected, Index found,
                         const std::string& hint = "") {
  throw Error(Exit::bad_config, key + ": expected " + expected + ", found " + std::to_string(found) + hint);
}

void require_possible_lanes(const RunConfig& config) {
  const TrainConfig& train = config.train;
  if (train.lanes == 1) return;
  if (train.micro_batch_tokens > 0) refuse("train.lanes", "1 with train.micro_batch_tokens", train.lanes, kWhyLanes);
  if (train.state == StateKind::carry && train.lanes > train.batch)
    refuse("train.lanes", "at most the " + std::to_string(train.batch) + " streams of train.batch", train.lanes);
  for (std::size_t l = 0; l < config.model.layers.size(); ++l)
    if (const auto* moe = std::get_if<MoeConfig>(&config.model.layers[l]); moe != nullptr && moe->shared > 0)
      refuse("train.lanes", "1 with model.layers." + std::to_string(l) + ".shared", train.lanes, kWhyLanes);
}

}  // namespace

void require_possible_parts(const RunConfig& config) {
  require_possible_lanes(config);
  for (std::size_t l = 0; l < config.model.layers.size(); ++l) {
    const auto* moe = std::get_if<MoeConfig>(&config.model.layers[l]);
    if (moe == nullptr || moe->gate != GateKind::balanced) continue;
    const std::string reason =
        " with model.layers." + std::to_string(l) + ".gate balanced, which compares the rows of a whole batch";
    if (config.train.micro_batch_tokens > 0)
      refuse("train.micro_batch_tokens", "0" + reason, config.train.micro_batch_tokens);
    if (config.train.lanes > 1) refuse("train.lanes", "1" + reason, config.train.lanes, kWhyLanes);
  }
}

}  // namespace moelm
