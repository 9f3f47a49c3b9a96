// A small checkpoint whose numbers all depend on its step.
#pragma once

#include <string>
#include <vector>

#include "checkpoint/checkpoint.hpp"
#include "checkpoint/checkpoint_writer.hpp"

namespace moelm {

/// Owns the memory of the tensors.
struct TinyCheckpoint {
  explicit TinyCheckpoint(Index step_number, std::size_t size = 6)
      : step(step_number),
        weights(size, static_cast<float>(step_number)),
        moments(2 * size, 0.5f),
        carried(3, static_cast<float>(-step_number)) {}

  CheckpointContents contents() const {
    CheckpointContents c;
    c.step = step;
    c.model = {{"layers.0.weight", TensorType::f32, {static_cast<Index>(weights.size())}, weights.data()}};
    c.optimizer = {{"layers.0.weight.m", TensorType::f32, {2, static_cast<Index>(weights.size())}, moments.data()}};
    c.carried = {{"h", TensorType::f32, {3}, carried.data()}};
    c.state = {{"step", step}};
    return c;
  }

  Index step;
  std::vector<float> weights, moments, carried;
};

/// Whether an opened checkpoint equals TinyCheckpoint(its step).
inline bool is_tiny(const Checkpoint& checkpoint) {
  const StoredTensor* weight = checkpoint.model().find("layers.0.weight");
  if (weight == nullptr) return false;
  const TinyCheckpoint expected(checkpoint.step(), static_cast<std::size_t>(weight->elements()));
  std::vector<float> weights(expected.weights.size()), moments(expected.moments.size()), carried(3);
  checkpoint.model().read(*weight, weights.data());
  checkpoint.optimizer().read(*checkpoint.optimizer().find("layers.0.weight.m"), moments.data());
  checkpoint.carried().read(*checkpoint.carried().find("h"), carried.data());
  return weights == expected.weights && moments == expected.moments && carried == expected.carried &&
         checkpoint.state().at("step") == checkpoint.step();
}

}  // namespace moelm
