#include "scale/machine_rates.hpp"

#include <algorithm>

#include "ops/faster_type.hpp"
#include "ops/memory_rate.hpp"

namespace moelm {

namespace {

constexpr double kMemoryThreads = 2;  // that are enough to read as fast as the memory gives

}  // namespace

MachineRates rates_of(DataType products, int threads, std::optional<double> gflops, std::optional<double> memory_gb) {
  MachineRates rates;
  rates.multiply_adds = gflops ? *gflops / 2 * 1e9 : kShareOfProducts * threads * measure_product_rate(products);
  rates.memory =
      memory_gb ? *memory_gb * 1e9 : std::min(static_cast<double>(threads), kMemoryThreads) * measure_memory_rate();
  return rates;
}

}  // namespace moelm
