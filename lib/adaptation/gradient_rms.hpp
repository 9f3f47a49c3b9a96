// How large the gradients of training were: the root of the mean square of every weight's gradient, from the moments
// that the optimizer saved in a checkpoint.
#pragma once

#include <string>
#include <vector>

#include "config/optimizer_config.hpp"
#include "io/safetensors.hpp"
#include "model/parameters.hpp"

namespace moelm {

/// A tensor that dynamic evaluation adapts.
struct AdaptedTensor {
  NamedTensor tensor;
  ParameterGroup group;
};

/// All tensors that the gradient of the language model's loss trains, experts included, in the order of the layers.
/// Pointers are valid as long as the parameters do not move.
std::vector<AdaptedTensor> adapted_tensors(ModelParameters& parameters);

/// sqrt(E[g^2]) of every weight.
struct GradientRms {
  std::vector<Matrix> rms;  ///< one per adapted tensor, of its shape
  double mean = 0;          ///< of all numbers, greater than 0
};

/// From the second moments after `step` steps, as Adam and the factored kinds keep them, corrected for their beginning
/// at zero. Where a row of a table or an expert had no gradient since, they have decayed. `file` is a checkpoint's
/// optimizer.safetensors. Error(bad_config) if a tensor is missing or has another shape, Error(bad_data) for negative
/// moments, impossible steps, and if all moments are zero.
GradientRms read_gradient_rms(const SafetensorsFile& file, ModelParameters& parameters,
                              const OptimizerConfig& optimizer, Index step);

}  // namespace moelm
