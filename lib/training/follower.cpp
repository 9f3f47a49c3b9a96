#include "training/follower.hpp"

#include "model_files/serve_model.hpp"
#include "training/learner.hpp"

namespace moelm {

namespace {

/// All that a checkpoint stores and this rank has.
HeldTensors tensors_of(Learner& learner) {
  HeldTensors held;
  held.add(named_tensors(learner.parameters()));
  const OptimizerTensors optimizer = learner.optimizer_tensors();
  held.add(optimizer.moments);
  for (const auto& [name, steps] : optimizer.last_steps) held.add(name, std::as_writable_bytes(std::span(*steps)));
  for (const auto& [name, values] : optimizer.doubles) held.add(name, std::as_writable_bytes(values));
  return held;
}

}  // namespace

int follow_training(Context& context, const SharedModel& model, Communicator& ranks,
                    const std::function<bool()>& stop_requested) {
  const RunConfig& config = model.config;
  Learner learner(context, config.model, config.optimizer, model.vocabulary,
                  static_cast<std::uint64_t>(config.train.seed), ranks);
  const HeldTensors held = tensors_of(learner);
  return serve_model(context, learner.config(), learner.parameters(), held, ranks, [&](const GivenOrder& given) {
    if (given.order == Order::states) return learner.carried().send_kept();
    learner.follow_lanes(context, given.content, stop_requested && stop_requested());
  });
}

}  // namespace moelm
