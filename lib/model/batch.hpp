// A batch: packed sequences of input tokens and the tokens to predict.
#pragma once

#include <cstdint>
#include <vector>

#include "nn/sequence.hpp"

namespace moelm {

/// Row r of the sequence reads inputs[r] and predicts targets[r].
struct Batch {
  Sequence sequence;
  std::vector<std::int32_t> inputs;
  std::vector<std::int32_t> targets;

  Index rows() const { return sequence.rows(); }
};

}  // namespace moelm
