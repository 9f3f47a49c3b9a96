#include "evaluation/scorer.hpp"

#include <algorithm>
#include <numeric>

#include "base/check.hpp"

namespace moelm {

namespace {

/// Rows of `from` in the order of `order`; the inverse puts row i back to order[i].
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

void Scorer::score(std::span<const std::span<const std::int32_t>> sequences, std::vector<std::int32_t>& previous,
                   ModelState& state, std::vector<std::vector<double>>& nll) {
  ensure(previous.size() == sequences.size(), "one previous token a sequence");
  std::vector<std::size_t> order(sequences.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](auto a, auto b) { return sequences[a].size() > sequences[b].size(); });
  const bool sorted = std::is_sorted(order.begin(), order.end());
  nll.resize(sequences.size());
  for (std::size_t i = 0; i < sequences.size(); ++i) nll[i].resize(sequences[i].size());
  if (sequences.empty() || sequences[order[0]].empty()) return;

  std::vector<Index> active;
  std::vector<RowOrigin> origin;
  batch_.inputs.clear();
  batch_.targets.clear();
  for (std::size_t t = 0; t < sequences[order[0]].size(); ++t) {
    active.push_back(0);
    for (const std::size_t i : order) {
      if (sequences[i].size() <= t) break;
      ++active.back();
      batch_.inputs.push_back(t == 0 ? previous[i] : sequences[i][t - 1]);
      batch_.targets.push_back(sequences[i][t]);
      origin.push_back({i, static_cast<Index>(t)});
    }
  }
  batch_.sequence = Sequence(std::move(active));
  if (!sorted) permute_state(state, order, false);
  std::vector<double> rows(origin.size());
  model_score(context_, config_, parameters_, batch_, state, cache_, rows);
  if (!sorted) permute_state(state, order, true);
  for (std::size_t r = 0; r < rows.size(); ++r)
    nll[origin[r].sequence][static_cast<std::size_t>(origin[r].place)] = rows[r];
  for (std::size_t i = 0; i < sequences.size(); ++i)
    if (!sequences[i].empty()) previous[i] = sequences[i].back();
  if (observer_) observer_(batch_, origin, cache_, rows);
}

}  // namespace moelm
