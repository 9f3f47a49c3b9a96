#include "nn/embedding.hpp"

#include <algorithm>
#include <numeric>

#include "ops/kernels.hpp"
#include "ops/rows.hpp"

namespace moelm {

LayerTensors embedding_tensors(const EmbeddingConfig& config, Index vocabulary) {
  return {{.tensors = {{.name = "weight",
                        .rows = vocabulary,
                        .columns = config.width,
                        .initial = InitialValue::normal,
                        .scale = 0.1,
                        .group = ParameterGroup::tables,
                        .gradient = GradientForm::rows}}}};
}

void embedding_forward(Context& context, const EmbeddingParameters& parameters, std::span<const std::int32_t> tokens,
                       MatrixView x) {
  gather_rows(context, parameters.weight, tokens, x);
}

void embedding_backward(Context& context, std::span<const std::int32_t> tokens, ConstMatrixView dx,
                        RowGradient& gradient) {
  // Positions sorted by token: each token's sum is one task and runs in the order of the positions.
  std::vector<Index> order(tokens.size());
  std::iota(order.begin(), order.end(), Index{0});
  const auto token_of = [&](Index position) { return tokens[static_cast<std::size_t>(position)]; };
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) { return token_of(a) < token_of(b); });
  std::vector<Index> begin;
  gradient.index.clear();
  for (Index i = 0; i < static_cast<Index>(order.size()); ++i) {
    const std::int32_t token = token_of(order[static_cast<std::size_t>(i)]);
    if (gradient.index.empty() || gradient.index.back() != token) {
      gradient.index.push_back(token);
      begin.push_back(i);
    }
  }
  begin.push_back(static_cast<Index>(order.size()));
  const Index rows = static_cast<Index>(gradient.index.size());
  gradient.rows.reshape(rows, dx.cols);
  gradient.rows.zero();
  context.parallel_ranges(rows, kCostlyRowsPerTask, [&](Index from, Index to) {
    for (Index r = from; r < to; ++r)
      for (Index i = begin[static_cast<std::size_t>(r)]; i < begin[static_cast<std::size_t>(r) + 1]; ++i)
        kernels().axpy(dx.cols, 1.0f, dx.row(order[static_cast<std::size_t>(i)]), gradient.rows.row(r));
  });
}

}  // namespace moelm
