#include "evaluation/scorer.hpp"

#include <algorithm>

namespace moelm {

namespace {

/// Row i of `to` is row order[i] of `from`. The inverse puts row i of `from` back to row order[i].
void permute_rows(const Matrix& from, std::span<const std::size_t> order, bool inverse, Matrix& to) {
  to.reshape(from.rows(), from.cols());
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto source = static_cast<Index>(inverse ? i : order[i]), target = static_cast<Index>(inverse ? order[i] : i);
    std::copy_n(from.row(source), from.cols(), to.row(target));
  }
}

void permute_state(ModelState& state, std::span<const std::size_t> order, bool inverse) {
  Matrix permuted;
  for (LstmState& layer : state.layers)
    for (Matrix* m : {&layer.h, &layer.c}) {
      if (m->empty()) continue;
      permute_rows(*m, order, inverse, permuted);
      m->swap(permuted);
    }
}

}  // namespace

Scorer::Scorer(Context& context, const ModelConfig& config, const ModelParameters& parameters)
    : context_(context), config_(config), parameters_(parameters) {
  cache_.packing = WeightPacking::once;
}

void Scorer::restart(std::size_t count, std::int32_t end_id, std::vector<std::int32_t>& previous,
                     ModelState& state) const {
  previous.assign(count, end_id);
  state.reset(parameters_, static_cast<Index>(count));
}

void Scorer::score(TokenSequences sequences, std::vector<std::int32_t>& previous, ModelState& state,
                   std::vector<std::vector<double>>& nll) {
  nll.resize(sequences.size());
  for (std::size_t i = 0; i < sequences.size(); ++i) nll[i].resize(sequences[i].size());
  pack_sequences(sequences, previous, packed_);
  const std::vector<RowOrigin>& origin = packed_.origin;
  if (origin.empty()) return;

  const bool sorted = std::is_sorted(packed_.order.begin(), packed_.order.end());
  if (!sorted) permute_state(state, packed_.order, false);
  std::vector<double> rows(origin.size());
  model_score(context_, config_, parameters_, packed_.batch, state, cache_, rows);
  if (!sorted) permute_state(state, packed_.order, true);
  if (adapter_) adapter_(packed_.batch, cache_, rows);
  for (std::size_t r = 0; r < rows.size(); ++r) nll[origin[r].sequence][origin[r].place] = rows[r];
  for (std::size_t i = 0; i < sequences.size(); ++i)
    if (!sequences[i].empty()) previous[i] = sequences[i].back();
  if (observer_) observer_(packed_.batch, origin, cache_, rows);
}

}  // namespace moelm
