// A tiny model with random weights, a text, and root mean squares of gradients that were never measured.
#pragma once

#include <cmath>

#include "adaptation/adapted_scores.hpp"
#include "support/model_case.hpp"

namespace moelm {

/// Positive numbers of any size, some of them zero.
inline GradientRms random_rms(ModelParameters& parameters, std::uint64_t seed) {
  GradientRms gradients;
  double sum = 0, count = 0;
  for (const AdaptedTensor& adapted : adapted_tensors(parameters)) {
    Matrix& rms = gradients.rms.emplace_back(
        random_matrix(adapted.tensor.values->rows(), adapted.tensor.values->cols(), ++seed, 0.1f));
    for (float& r : rms.values()) {
      r = r < -0.15f ? 0.0f : std::abs(r);
      sum += static_cast<double>(r);
      ++count;
    }
  }
  gradients.mean = sum / count;
  return gradients;
}

struct AdaptationCase {
  explicit AdaptationCase(ModelConfig config, Index rows = 60, std::uint64_t seed = 11, int threads = 2)
      : model(std::move(config), 11, Sequence(1, rows), seed),
        gradients(random_rms(model.parameters, seed + 1000)),
        context(threads) {}

  TrainedModel trained() { return {model.config, model.parameters, &gradients}; }
  Batch rows(Index first, Index count) const {
    const auto cut = [&](const std::vector<std::int32_t>& ids) {
      return std::vector<std::int32_t>(ids.begin() + first, ids.begin() + first + count);
    };
    return {Sequence(1, count), cut(model.batch.inputs), cut(model.batch.targets)};
  }

  ModelCase model;
  GradientRms gradients;
  Context context;
};

}  // namespace moelm
