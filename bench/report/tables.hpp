// The report of a benchmark for a terminal.
#pragma once

#include <string>
#include <vector>

#include "bench/ceilings.hpp"

namespace moelm {

/// A table for each part of the results, then the ceilings.
std::string bench_tables(const Ceilings& ceilings, const std::vector<BenchResult>& results);

}  // namespace moelm
