// The optimizer's tensors between memory and checkpoints.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/index.hpp"
#include "io/safetensors.hpp"
#include "model/parameters.hpp"

namespace moelm {

/// A tensor of the optimizer as files name it, with the data it stands for.
struct OptimizerTensors {
  std::vector<NamedTensor> moments;  ///< NAME.m, .v, .rows, .columns: what a kind has
  std::vector<std::pair<std::string, std::vector<std::int64_t>*>> last_steps;  ///< NAME.last_step
  std::vector<std::pair<std::string, std::span<double>>> doubles;              ///< NAME.decay, layers.L.window.*
};

/// Reads the optimizer's tensors as they were after `step` steps: last steps beyond it, and doubles that are not
/// finite, are Error(bad_data). With several ranks, those that have a tensor get it.
void load_optimizer(const SafetensorsFile& file, const OptimizerTensors& tensors, Index step,
                    Communicator* ranks = nullptr);

/// Views of the optimizer's tensors for writing. Those of other ranks are fetched when they are written.
std::vector<TensorView> optimizer_views(const OptimizerTensors& tensors, Communicator* ranks = nullptr);

}  // namespace moelm
