// Chooses the numbers of an adaptation on the validation split. The text that is evaluated is never asked.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "adaptation/adapted_scores.hpp"
#include "data/dataset.hpp"

namespace moelm {

/// Tokens at the beginning of the validation split on which rate and decay of dynamic evaluation are chosen.
inline constexpr Index kDynamicTuningTokens = 10'000;

/// What a user asked for. Numbers without a value are to be chosen.
struct AdaptationRequest {
  std::optional<Index> cache;  ///< window; without it there is no cache
  std::optional<double> theta, lambda;
  bool dynamic = false;
  std::optional<double> lr, decay;
  Index segment = DynamicSettings{}.segment;

  bool active() const { return cache || dynamic; }
  /// Whether every number is given.
  bool complete() const { return (!cache || (theta && lambda)) && (!dynamic || (lr && decay)); }
};

/// The validation text, and who scores it.
struct TuningText {
  Scorer& scorer;  ///< of the trained model; its adapter is changed
  const Dataset& data;
  Index tokens_per_step;  ///< of training: gradients over more tokens are smaller
};

/// The request with every open number chosen: rate and decay on the first kDynamicTuningTokens tokens, first the rate
/// and then the decay; after that theta and lambda on the whole validation split in a single pass. theta is tried in
/// multiples of 1 / mean(h . h). `tell` receives a line for each choice. Error(bad_data) if the split is empty.
Adaptation choose_adaptation(Context& context, const TrainedModel& trained, const AdaptationRequest& request,
                             const TuningText& text, const std::function<void(const std::string&)>& tell);

/// The request itself. REQUIRES request.complete().
Adaptation given_adaptation(const AdaptationRequest& request);

}  // namespace moelm
