#include "bench/bench_json.hpp"

#include "base/version.hpp"
#include "ops/gemm.hpp"
#include "ops/kernels.hpp"

namespace moelm {

namespace {

/// What does not apply is null.
Json positive(double value) { return value > 0 ? Json(value) : Json(nullptr); }

Json case_json(const BenchResult& r, const Ceilings& ceilings) {
  Json one = {{"name", r.name},
              {"dtype", r.dtype},
              {"seconds", r.seconds},
              {"tokens_per_s", positive(r.tokens / r.seconds)},
              {"gflops", positive(r.gflops())},
              {"fraction_of_ceiling", ceilings.fraction(r)},
              {"part", r.part},
              {"gb_per_s", positive(r.gb_s())}};
  if (r.flops > 0 && r.bytes > 0) {
    const double seconds = ceilings.roofline_seconds(r);
    one["roofline_seconds"] = seconds;
    one["fraction_of_roofline"] = seconds / r.seconds;
  }
  for (const BenchLayer& layer : r.layers)
    one["layers"].push_back(
        {{"layer", layer.layer}, {"experts", layer.experts}, {"max_over_mean_tokens", layer.max_over_mean_tokens}});
  return one;
}

}  // namespace

Json bench_json(const Ceilings& c, std::span<const BenchResult> results, int threads) {
  Json report = {{"ceilings",
                  {{"gemm_f32_gflops", positive(c.gemm_f32_gflops)},
                   {"gemm_bf16_gflops", positive(c.gemm_bf16_gflops)},
                   {"memory_read_gb_s", c.memory_read_gb_s},
                   {"memory_copy_gb_s", c.memory_copy_gb_s},
                   {"peak_f32_gflops", c.peak_f32_gflops},
                   {"peak_bf16_gflops", positive(c.peak_bf16_gflops.value_or(0))},
                   {"suspect", c.suspect()}}},
                 {"threads", threads},
                 {"backend", gemm_backend()},
                 {"kernels", kernels().name},
                 {"version", version()},
                 {"cases", Json::array()}};
  for (const BenchResult& r : results) report["cases"].push_back(case_json(r, c));
  return report;
}

}  // namespace moelm
