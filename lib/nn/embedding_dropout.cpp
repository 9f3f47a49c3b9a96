#include "nn/embedding_dropout.hpp"

#include "base/check.hpp"
#include "ops/kernels.hpp"
#include "ops/rows.hpp"

namespace moelm {

void apply_embedding_dropout(Context& context, const EmbeddingDropout& dropout, std::span<const std::int32_t> tokens,
                             MatrixView x) {
  if (dropout.rate <= 0) return;
  ensure(static_cast<Index>(tokens.size()) == x.rows, "one token a row");
  const float keep = static_cast<float>(1.0 / (1.0 - dropout.rate));
  context.parallel_ranges(x.rows, kRowsPerTask, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const Index token = tokens[static_cast<std::size_t>(i)];
      const bool dropped = static_cast<double>(dropout.stream.uniform(dropout.step, token, 0)) < dropout.rate;
      kernels().scale(x.cols, dropped ? 0.0f : keep, x.row(i), x.row(i));
    }
  });
}

}  // namespace moelm
