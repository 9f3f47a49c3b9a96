// One optimizer step after another: weights, gradients and moments together. The only place that knows the order of a
// step: forward, backward through all layers, check that everything is finite, clip, update; so a step is all or
// nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "model/language_model.hpp"
#include "optim/config.hpp"
#include "optim/moments.hpp"
#include "tensor/matrix.hpp"

namespace moelm {

/// What a step found out.
struct StepResult {
  Losses losses;
  double grad_norm = 0;  ///< global norm before clipping, expert matrices and thresholds excepted
  Index tokens = 0;      ///< predicted tokens
  std::string fault;     ///< what was not finite (then nothing was applied), else empty
};

/// A tensor of the optimizer as files name it, with the data it stands for.
struct OptimizerTensors {
  std::vector<NamedTensor> moments;  ///< NAME.m, .v, .rows, .columns: what a kind has
  std::vector<std::pair<std::string, std::vector<std::int64_t>*>> last_steps;  ///< NAME.last_step
};

/// Weights and everything that changes them. Not thread-safe.
class Learner {
 public:
  /// Freshly initialised weights.
  Learner(Context& context, const ModelConfig& model, const OptimizerConfig& optimizer, Index vocabulary,
          std::uint64_t seed);
  Learner(const Learner&) = delete;
  Learner& operator=(const Learner&) = delete;

  /// Step number `step` (from 1) with the learning rate lr: updates the weights unless the result names a fault.
  /// Carries `state` on; after a fault `state` is what it was.
  StepResult step(Context& context, const Batch& batch, Index step, Index streams, double lr, double clip,
                  ModelState& state);

  const ModelConfig& config() const { return config_; }
  const ModelParameters& parameters() const { return parameters_; }
  ModelParameters& parameters() { return parameters_; }
  /// The last pass: routing of its MoE layers.
  const ModelCache& cache() const { return cache_; }
  OptimizerTensors optimizer_tensors();
  /// Name of the first weight that is not finite, or empty.
  std::string first_bad_weight();

 private:
  /// A tensor outside the experts, its gradient and its moments.
  struct Slot {
    NamedTensor tensor;
    ParameterGroup group;
    std::size_t moments;
    Matrix* gradient;                     ///< of the whole tensor, or null
    RowGradient* rows;                    ///< of few rows of a table, or null
    std::vector<std::int64_t> last_step;  ///< of every row of such a table
  };
  /// The experts of one MoE layer.
  struct ExpertMoments {
    std::vector<std::vector<Moments>> matrices;  ///< [E][matrices]
    std::vector<std::int64_t> last_step;         ///< [E]
  };

  double gradient_norm(std::string& fault) const;
  void check_experts(Context& context, std::string& fault) const;
  void update_dense(Context& context, Slot& slot, Index step, double lr, double scale);
  void update_experts(Context& context, std::size_t layer, Index step, double lr);

  ModelConfig config_;
  OptimizerConfig optimizer_;
  std::uint64_t seed_;
  ModelParameters parameters_;
  ModelGradients gradients_;
  ModelCache cache_;
  std::vector<Slot> slots_;
  std::vector<Moments> moments_;
  std::vector<ExpertMoments> expert_moments_;  ///< a layer's experts, empty for other layers
  std::vector<double> nll_;
};

}  // namespace moelm
