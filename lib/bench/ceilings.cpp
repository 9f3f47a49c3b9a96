#include "bench/ceilings.hpp"

#include <algorithm>

#include "ops/kernels.hpp"
#include "tensor/matrix.hpp"

namespace moelm {

double measure_memory_read(Context& context) {
  constexpr Index kRows = 256, kCols = Index{1} << 18;  // 256 MiB
  const Matrix buffer(kRows, kCols);
  std::vector<double> sums(static_cast<std::size_t>(kRows));
  const double seconds = median_seconds([&] {
    context.parallel_for(
        kRows, [&](Index i) { sums[static_cast<std::size_t>(i)] = kernels().sum_of_squares(kCols, buffer.row(i)); });
  });
  return static_cast<double>(buffer.size()) * sizeof(float) / seconds / 1e9;
}

double best_gflops(std::span<const BenchResult> results, DataType type) {
  double best = 0;
  for (const BenchResult& r : results)
    if (r.dtype == data_type_name(type)) best = std::max(best, r.gflops());
  return best;
}

}  // namespace moelm
