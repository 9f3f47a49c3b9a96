// One optimizer step after another: weights, gradients and moments together. The only place that knows the order of a
// step: forward, backward through all layers, check that everything is finite, clip, update; so a step is all or
// nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "config/optimizer_config.hpp"
#include "dist/lane_tree.hpp"
#include "dist/local_ranks.hpp"
#include "model/lanes_pass.hpp"
#include "model/language_model.hpp"
#include "model/step_parts.hpp"
#include "optim/moments.hpp"
#include "training/carried_state.hpp"
#include "training/expert_set.hpp"
#include "training/gradient_sum.hpp"
#include "training/optimizer_store.hpp"

namespace moelm {

/// How a step is made.
struct StepOptions {
  Index step = 1;                ///< from 1
  Index streams = 0;             ///< B of a whole batch, a coordinate of random numbers
  double lr = 0;                 ///< learning rate
  double clip = 0;               ///< global norm of the gradients outside experts and thresholds, 0: none
  Index micro_batch_tokens = 0;  ///< most rows of a pass, 0: the whole batch
  bool full_softmax = false;     ///< the full softmax, although the softmax samples
  Index lanes = 1;               ///< into which the batch is cut, at least one a rank
  double zero_state = 0;         ///< probability that a stream begins the step with the zero state
};

/// What a step found out.
struct StepResult {
  Losses losses;
  std::vector<RoutingSums> routing;  ///< one entry per layer, without rows where there is no MoE
  double grad_norm = 0;              ///< global norm before clipping, expert matrices and thresholds excepted
  Index tokens = 0;                  ///< predicted tokens
  std::string fault;                 ///< what was not finite, else empty
  bool stop_asked = false;           ///< by a signal at another rank
  bool applied = true;               ///< false if a fault was found before the update: no weight changed
};

/// Weights and everything that changes them. Not thread-safe.
class Learner {
 public:
  /// Freshly initialised weights. With several ranks every rank makes its learner: it has a copy of all weights but the
  /// experts, of which it has its share. `ranks` must outlive it.
  Learner(Context& context, const ModelConfig& model, const OptimizerConfig& optimizer, Index vocabulary,
          std::uint64_t seed, Communicator& ranks = alone());
  Learner(const Learner&) = delete;
  Learner& operator=(const Learner&) = delete;

  /// Updates the weights and advances carried(). If a loss, a gradient or the carried state is non-finite, the step
  /// changes neither, and the result names the fault. It also names a weight that becomes non-finite in the update.
  /// Weights that a step does not write are not checked: they were finite when they were read or last written. A step
  /// in several passes gives the result of one pass, up to rounding. With several ranks the leader calls it, and the
  /// others follow_lanes(). The result is the same for every number of ranks up to options.lanes, bit for bit.
  StepResult step(Context& context, const Batch& batch, const StepOptions& options);

  /// The same from a state that the caller has. REQUIRES one rank and one lane.
  StepResult step(Context& context, const Batch& batch, const StepOptions& options, ModelState& state);

  /// The state that streams carry from step to step.
  CarriedState& carried() { return carried_; }

  /// A step that the leader ordered; `order` is the content of Order::step. Tells the leader if this rank was asked to
  /// stop.
  void follow_lanes(Context& context, const Bytes& order, bool stop_asked);

  /// The ranks that share the experts; nullptr: one process has them all.
  Communicator* ranks() const { return parameters_.ranks; }
  const ModelConfig& config() const { return config_; }
  const ModelParameters& parameters() const { return parameters_; }
  ModelParameters& parameters() { return parameters_; }
  OptimizerTensors optimizer_tensors();

 private:
  /// Facts about a step over lanes that all ranks need.
  struct StepHead {
    StepOptions options;
    Index rows = 0;
    LaneStart start = LaneStart::zero;
  };
  /// A tensor outside the experts, its gradient and its moments.
  struct Slot {
    TrainedTensor trained;
    std::size_t moments;
    std::vector<std::int64_t> last_step;  ///< of every row of a table whose gradient is of few rows
    std::vector<double> decay;            ///< of every such row, where there is weight decay (RowHistory)
  };
  /// Experts of a layer, routed or shared.
  struct LayerExperts {
    std::size_t layer;
    bool shared;
    ExpertSet experts;
  };

  void pass_whole(Context& context, const Batch& batch, const PassOptions& options, ModelState& state,
                  StepResult& result);
  void pass_parts(Context& context, const std::vector<BatchPart>& parts, const PassOptions& options, ModelState& state,
                  StepResult& result);
  std::vector<RoutingSums> routing_of_parts(Context& context, const std::vector<BatchPart>& parts,
                                            const PassOptions& options, const ModelState& state);
  // Steps over lanes, in learner_lanes.cpp.
  StepResult lead_lanes(Context& context, const Batch& batch, const StepOptions& options);
  StepResult step_lanes(Context& context, std::vector<Lane>& own, const StepHead& head, bool stop_asked);
  std::vector<RoutingSums> forward_lanes(Context& context, std::vector<Lane>& own, const PassOptions& pass,
                                         Index lanes);
  LaneSum<double> backward_lanes(Context& context, std::vector<Lane>& own, const PassOptions& pass, Index lanes,
                                 GradientSum& sum, std::string& fault);
  std::vector<CopiedGradients> copied_gradients() const;
  /// Names a gradient of a lane that is not finite, or so large that the sum over lanes might not be.
  std::string huge_gradient(Context& context, std::size_t layer, Index lanes) const;
  std::string non_finite_lanes(Context& context, std::vector<Lane>& own, const StepResult& result) const;
  ExpertsCache& cache_of(const LayerExperts& set);
  void find_non_finite(Context& context, ModelState& state, StepResult& result) const;
  static const Matrix& gradient_of(const Slot& slot);
  double gradient_norm(Context& context, std::string& fault) const;
  // They return whether all weights that they wrote are finite.
  bool update_copies(Context& context, const StepOptions& options, const StepResult& result);
  bool update_experts(Context& context, const StepOptions& options, const StepResult& result);
  bool update_dense(Context& context, Slot& slot, Index step, double lr, double scale);

  ModelConfig config_;
  OptimizerConfig optimizer_;
  std::uint64_t seed_;
  Communicator& ranks_;
  ModelParameters parameters_;
  ModelGradients gradients_;
  ModelCache cache_;
  SpareGradients spare_gradients_;
  LanesCache lanes_;  ///< of the lanes of this rank; empty if batches are not cut into lanes
  std::vector<Slot> slots_;
  std::vector<Moments> moments_;
  std::vector<LayerExperts> experts_;
  std::vector<double> nll_;
  std::vector<BalanceWindow> windows_;  ///< one entry per layer; empty if no layer has a window
  ModelState before_;                   ///< the state that a faulty step of one lane is taken back to
  CarriedState carried_;
};

}  // namespace moelm
