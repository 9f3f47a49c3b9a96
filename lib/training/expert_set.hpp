// The experts of one layer, routed or shared, with what the optimizer keeps of them: their gradients are formed,
// clipped and consumed one expert at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/random.hpp"
#include "config/optimizer_config.hpp"
#include "moe/experts.hpp"
#include "optim/moments.hpp"

namespace moelm {

/// Not thread-safe. References have to outlive it.
class ExpertSet {
 public:
  /// `name` as files call it: "layers.2.experts". `rounding` draws for weights that are kept in bfloat16.
  ExpertSet(std::string name, std::vector<ExpertParameters>& experts, const ExpertGroupConfig& optimizer,
            const RandomStream& rounding);

  /// Forgets the step before.
  void begin_step();
  /// Adds a pass that is the whole step; its factors stay where they are.
  void use(const ExpertFactors& factors) { parts_.push_back(&factors); }
  /// Adds pass number `part` of a step of several: takes its factors and leaves memory for the next pass.
  void take(std::size_t part, ExpertFactors& factors);

  /// Name of a matrix whose gradient is not finite, or empty.
  std::string bad_gradient(Context& context) const;

  /// Updates every expert that had a token; returns whether all their weights are finite after it. `cache` lends the
  /// memory of its workers.
  bool update(Context& context, Index step, double lr, ExpertsCache& cache);

  const std::string& name() const { return name_; }
  std::vector<std::vector<Moments>>& moments() { return moments_; }
  std::vector<std::int64_t>& last_step() { return last_step_; }
  /// The factor that each expert has to get before its next update; empty without weight decay.
  std::vector<double>& decay() { return decay_; }

 private:
  bool update_expert(Context& context, Index e, Index step, double lr, ExpertsCache& cache);
  Index rows_of(Index expert) const;
  std::uint32_t rounding_key(Index step, Index expert, std::size_t matrix) const;

  std::string name_;
  std::vector<ExpertParameters>& experts_;
  const ExpertGroupConfig& optimizer_;
  RandomStream rounding_;
  std::vector<std::vector<Moments>> moments_;          // [E][matrices]
  std::vector<std::int64_t> last_step_;                // [E]
  std::vector<double> decay_;                          // [E], or empty
  std::vector<std::unique_ptr<ExpertFactors>> taken_;  // parts_ points at them
  std::vector<const ExpertFactors*> parts_;
};

}  // namespace moelm
