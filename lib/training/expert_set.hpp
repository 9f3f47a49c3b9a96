// The experts of one layer, routed or shared, with what the optimizer keeps of them: their gradients are formed,
// clipped and consumed one expert at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/random.hpp"
#include "config/optimizer_config.hpp"
#include "model/parameters.hpp"
#include "moe/experts.hpp"
#include "optim/moments.hpp"

namespace moelm {

/// The experts of a layer that this rank has, and their place among all.
struct OwnExperts {
  std::span<ExpertParameters> experts;
  Index first = 0;                               ///< number of the first of them
  Index all = 0;                                 ///< of the layer
  std::function<int(Index)> owner_of = nullptr;  ///< of an expert; empty: all are here
};

/// Experts that are all here.
inline OwnExperts all_of(std::vector<ExpertParameters>& experts) {
  return {experts, 0, static_cast<Index>(experts.size())};
}

/// The moments of a tensor as files call them: NAME.m, .v, .rows, .columns, what its kind has.
std::vector<NamedTensor> moment_tensors(const std::string& name, Moments& moments, bool vector);

/// Not thread-safe. References have to outlive it.
class ExpertSet {
 public:
  /// `name` as files call it: "layers.2.experts". `rounding` draws for weights that are kept in bfloat16.
  ExpertSet(std::string name, OwnExperts experts, const ExpertGroupConfig& optimizer, const RandomStream& rounding);

  /// Forgets the step before.
  void begin_step();
  /// Adds a pass that is the whole step; its factors stay where they are.
  void use(const ExpertFactors& factors) { parts_.push_back(&factors); }
  /// Adds pass number `part` of a step of several: takes its factors and leaves memory for the next pass.
  void take(std::size_t part, ExpertFactors& factors);

  /// Name of a matrix whose gradient is not finite, or empty.
  std::string bad_gradient(Context& context) const;

  /// Updates every expert that had a token; returns whether all their weights are finite after it. `tokens` tells for
  /// every expert of the layer how many it had on all ranks. `cache` lends the memory of its workers.
  bool update(Context& context, Index step, double lr, const std::vector<Index>& tokens, ExpertsCache& cache);

  const std::string& name() const { return name_; }
  /// The moments of all experts of the layer; those of other ranks are absent.
  std::vector<NamedTensor> moment_tensors();
  std::vector<std::int64_t>& last_step() { return last_step_; }
  /// The factor that each expert has to get before its next update; empty without weight decay.
  std::vector<double>& decay() { return decay_; }

 private:
  bool update_expert(Context& context, Index e, Index step, double lr, ExpertsCache& cache);
  void note_update(Index e, Index step);
  Index rows_of(Index expert) const;
  std::uint32_t rounding_key(Index step, Index expert, std::size_t matrix) const;

  std::string name_;
  OwnExperts own_;
  const ExpertGroupConfig& optimizer_;
  RandomStream rounding_;
  std::vector<std::vector<Moments>> moments_;          // [own experts][matrices]
  std::vector<std::int64_t> last_step_;                // [E]
  std::vector<double> decay_;                          // [E], or empty
  std::vector<std::unique_ptr<ExpertFactors>> taken_;  // parts_ points at them
  std::vector<const ExpertFactors*> parts_;
};

}  // namespace moelm
