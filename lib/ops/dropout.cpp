#include "ops/dropout.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace moelm {

void apply_dropout(Context& context, const DropoutMask& mask, MatrixView x) {
  if (mask.rate <= 0) return;
  ensure(static_cast<Index>(mask.rows.size()) == x.rows, "one position a row");
  const float keep = static_cast<float>(1.0 / (1.0 - mask.rate));
  const auto threshold = static_cast<std::uint32_t>(mask.rate * 4294967296.0);
  context.parallel_ranges(x.rows, 16, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      float* row = x.row(i);
      const Index position = mask.rows[static_cast<std::size_t>(i)];
      for (Index j = 0; j < x.cols; j += 4) {
        const auto bits = mask.stream.bits(mask.step, position, j / 4);
        for (Index u = 0; u < std::min<Index>(4, x.cols - j); ++u)
          row[j + u] *= bits[static_cast<std::size_t>(u)] < threshold ? 0.0f : keep;
      }
    }
  });
}

}  // namespace moelm
