#include "ops/dropout.hpp"

#include "base/check.hpp"
#include "ops/kernels.hpp"

namespace moelm {

void apply_dropout(Context& context, const DropoutMask& mask, MatrixView x) {
  if (mask.rate <= 0) return;
  ensure(static_cast<Index>(mask.rows.size()) == x.rows, "one position a row");
  const float keep = static_cast<float>(1.0 / (1.0 - mask.rate));
  const auto threshold = static_cast<std::uint32_t>(mask.rate * 4294967296.0);
  context.parallel_ranges(x.rows, 16, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i)
      kernels().dropout(x.cols, mask.stream.row(mask.step, mask.rows[static_cast<std::size_t>(i)]), threshold, keep,
                        x.row(i));
  });
}

}  // namespace moelm
