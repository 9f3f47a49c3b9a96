// The model of a measured training step: a preset, random tokens, and the minimum cost of the step.
#pragma once

#include <string>

#include "bench/measure.hpp"
#include "config/model_config.hpp"
#include "config/optimizer_config.hpp"
#include "model/batch.hpp"
#include "training/learner.hpp"

namespace moelm {

/// A model and the shape of its batches.
struct StepModel {
  ModelConfig model;
  OptimizerConfig optimizer;
  Index vocabulary = 0, streams = 0, unroll = 0;

  Index tokens() const { return streams * unroll; }
};

/// Differences of a step from its preset.
struct StepShape {
  std::string preset;
  Index streams = 64, unroll = 20;
  Index vocabulary = 10000;
  Index samples = 0;                            ///< of the softmax in training, 0: full
  OptimizerKind experts = OptimizerKind::adam;  ///< factored: the memory of appendix D
  DataType weights = DataType::f32;             ///< what the experts' weights are kept in
};

StepModel make_step_model(const BenchSetting& setting, const StepShape& shape);

/// Bytes of training at its peak; 0 in a tiny setting.
Index step_memory(const BenchSetting& setting, const StepModel& model);

/// Random tokens, different in every step.
Batch random_batch(const StepModel& model, Index step);

/// Operations of a training step: 6 per multiply-add of gate, chosen experts, LSTM and softmax of each token.
double training_flops(const StepModel& model);
/// Operations of a forward pass with the full softmax: 2 per multiply-add.
double evaluation_flops(const StepModel& model);

/// Minimum bytes of weights and moments that a training step moves when nothing is cached. Experts that balanced gates
/// would touch, E (1 - (1 - k/E)^N), are read forward and backward and updated. Other layers, and the rows of tables
/// that N tokens touch, are updated.
double training_bytes(const StepModel& model);

/// The tokens of each expert in a step.
std::vector<BenchLayer> balance_of(const StepResult& result);

/// Compares a training pass in the context's type with one in the other type: loss, and norm of the gradient without
/// experts. `state` is the initial state of the batch. Throws std::logic_error where they are too far apart.
void check_step(Context& context, const BenchSetting& setting, const std::string& name, const ModelConfig& config,
                ModelParameters& parameters, const Batch& batch, const ModelState& state);

}  // namespace moelm
