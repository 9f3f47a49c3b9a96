// The report of a benchmark as JSON.
#pragma once

#include <span>

#include "bench/ceilings.hpp"
#include "io/json.hpp"

namespace moelm {

/// {"ceilings": {...}, "threads", "backend", "kernels", "version", "cases": [...]}.
Json bench_json(const Ceilings& ceilings, std::span<const BenchResult> results, int threads);

}  // namespace moelm
