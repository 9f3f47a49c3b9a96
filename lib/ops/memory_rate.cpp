#include "ops/memory_rate.hpp"

#include <algorithm>

#include "base/stopwatch.hpp"
#include "ops/kernels.hpp"
#include "tensor/matrix.hpp"

namespace moelm {

double measure_memory_rate() {
  // Larger than the last cache that a core has for itself.
  Matrix numbers(16384, 1024);
  volatile double sum = 0;
  double best = 1e9;
  for (int i = 0; i < 5; ++i) {
    Stopwatch watch;
    sum = sum + kernels().sum_of_squares(numbers.size(), numbers.data());
    best = std::min(best, watch.seconds());
  }
  return static_cast<double>(numbers.size()) * sizeof(float) / std::max(best, 1e-9);
}

}  // namespace moelm
