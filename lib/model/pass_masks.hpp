// The random masks of a pass, all functions of seed, step and place. Evaluation has none.
#pragma once

#include <optional>
#include <vector>

#include "model/language_model.hpp"

namespace moelm {

/// The masks of one pass. References have to outlive it.
class PassMasks {
 public:
  PassMasks(const ModelConfig& config, const Sequence& sequence, const PassOptions& options);

  /// The position of every row in the whole step; empty in evaluation.
  std::span<const Index> positions() const { return positions_; }

  /// Some streams begin the step with the zero state, so that the model learns to begin a text.
  void drop_states(ModelState& state) const;

  /// Dropout of tokens, on their vectors or on the gradients of these.
  void drop_tokens(Context& context, std::span<const std::int32_t> tokens, MatrixView x) const;

  /// The recurrent weights that LSTM layer l leaves out, if any.
  std::optional<WeightDrop> weight_drop(std::size_t l) const;

  /// The random numbers of MoE layer l; none in evaluation.
  std::optional<MoeMasks> moe(std::size_t l) const;

  /// Dropout of the output of layer l, or of its gradient.
  void drop(Context& context, std::size_t l, MatrixView x) const;

 private:
  RandomStream stream(std::string_view name, std::size_t l) const {
    return {options_.seed, name, static_cast<Index>(l)};
  }

  const ModelConfig& config_;
  const PassOptions& options_;
  Index stream_count_;
  std::vector<Index> positions_;
  std::vector<Index> streams_;  ///< number of every row's stream, where all rows of a stream share their masks
};

}  // namespace moelm
