#include "model/pass_masks.hpp"

#include <algorithm>

#include "nn/embedding_dropout.hpp"
#include "ops/dropout.hpp"

namespace moelm {

PassMasks::PassMasks(const ModelConfig& config, const Sequence& sequence, const PassOptions& options)
    : config_(config), options_(options), stream_count_(sequence.streams()) {
  if (!options.training) return;
  positions_ = sequence.positions(std::max(options.streams, sequence.streams()), options.part.first_stream);
  if (config.locked_dropout) streams_ = sequence.stream_numbers(options.part.first_stream);
}

void PassMasks::drop_states(ModelState& state) const {
  if (!options_.training || options_.zero_state <= 0) return;
  const RandomStream draws = stream("zero-state", 0);
  for (Index b = 0; b < stream_count_; ++b)
    if (draws.uniform(options_.step, options_.part.first_stream + b, 0) < options_.zero_state) state.clear(b);
}

void PassMasks::drop_tokens(Context& context, std::span<const std::int32_t> tokens, MatrixView x) const {
  if (!options_.training) return;
  apply_embedding_dropout(context, {stream("embedding-dropout", 0), options_.step, config_.embedding_dropout}, tokens,
                          x);
}

std::optional<WeightDrop> PassMasks::weight_drop(std::size_t l) const {
  if (!options_.training || config_.weight_drop <= 0) return std::nullopt;
  return WeightDrop{stream("weight-drop", l), options_.step, config_.weight_drop};
}

std::optional<MoeMasks> PassMasks::moe(std::size_t l) const {
  if (!options_.training) return std::nullopt;
  return MoeMasks{stream("output-mask", l), stream("hidden-dropout", l), stream("shared-dropout", l), options_.step,
                  positions_};
}

void PassMasks::drop(Context& context, std::size_t l, MatrixView x) const {
  if (!options_.training) return;
  const std::vector<Index>& rows = config_.locked_dropout ? streams_ : positions_;
  apply_dropout(context, {stream("dropout", l), options_.step, config_.dropout, rows}, x);
}

}  // namespace moelm
