// moe-bench: what this machine can do, and how near to it every part of a training step comes.
#include <fnmatch.h>

#include <cstdio>
#include <iostream>

#include "base/version.hpp"
#include "bench/ceilings.hpp"
#include "common/command.hpp"
#include "common/main_guard.hpp"
#include "io/json.hpp"
#include "ops/gemm.hpp"
#include "ops/kernels.hpp"
#include "report/table.hpp"

namespace moelm {
namespace {

bool matches(const std::string& pattern, const std::string& name) {
  return fnmatch(("*" + pattern + "*").c_str(), name.c_str(), 0) == 0;
}

Json case_json(const BenchResult& r, const Ceilings& ceilings) {
  return {{"name", r.name},       {"dtype", r.dtype},
          {"seconds", r.seconds}, {"tokens_per_s", r.tokens > 0 ? Json(r.tokens_per_s()) : Json(nullptr)},
          {"gflops", r.gflops()}, {"fraction_of_ceiling", r.gflops() / ceilings.gemm_gflops(r.dtype)}};
}

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

void print_table(const std::vector<BenchResult>& results, const Ceilings& ceilings) {
  Table table;
  table.add_column("case", Align::left);
  table.add_column("type", Align::left);
  for (const char* heading : {"ms a call", "tokens/s", "GFLOP/s", "% of ceiling"}) table.add_column(heading);
  for (const BenchResult& r : results)
    table.add_row({r.name, r.dtype, fixed(r.seconds * 1e3, 3), r.tokens > 0 ? fixed(r.tokens_per_s(), 0) : "-",
                   fixed(r.gflops(), 1), fixed(100 * r.gflops() / ceilings.gemm_gflops(r.dtype), 1)});
  std::cout << table.str() << "ceilings: f32 products " << fixed(ceilings.gemm_f32_gflops, 1)
            << " GFLOP/s, bf16 products " << fixed(ceilings.gemm_bf16_gflops, 1) << " GFLOP/s, memory reads "
            << fixed(ceilings.memory_read_gb_s, 1) << " GB/s\n";
}

int run(int argc, char** argv) {
  Command command("moe-bench", "Measures this machine's ceilings and how near the parts of training come to them.",
                  "[--case PATTERN] [options]");
  std::string pattern;
  command.option("--case", "PATTERN", pattern, "only cases whose name holds PATTERN (* and ? are wild cards)");
  command.json_flag("one JSON object on stdout");
  command.example("--case train", "whole training steps only; products are measured all the same, for the ceiling");
  command.example("--case '*' --json > bench.json", "everything, for a script");
  if (const auto exit = command.parse(argc, argv)) return *exit;

  Context f32(command.threads().threads), bf16(command.threads().threads, DataType::bf16);
  if (!command.quiet())
    std::cerr << "moelm " << version() << ", " << f32.threads() << " threads (" << command.threads().source << "), "
              << gemm_backend() << (native_bf16() ? "" : ", bf16 emulated") << ", kernels " << kernels().name << "\n";
  std::vector<BenchResult> products, results;
  for (const BenchCase& c : gemm_cases())
    for (Context* context : {&f32, &bf16}) {
      products.push_back(c.run(*context));
      if (matches(pattern, c.name)) results.push_back(products.back());
    }
  const Ceilings ceilings{best_gflops(products, DataType::f32), best_gflops(products, DataType::bf16),
                          measure_memory_read(f32)};
  for (const BenchCase& c : step_cases()) {
    if (!matches(pattern, c.name)) continue;
    for (Context* context : {&f32, &bf16}) {
      if (!command.quiet()) std::cerr << c.name << ", " << data_type_name(context->products()) << " ...\n";
      results.push_back(c.run(*context));
    }
  }
  if (!command.json()) {
    print_table(results, ceilings);
    return 0;
  }
  Json report = {{"ceilings",
                  {{"gemm_f32_gflops", ceilings.gemm_f32_gflops},
                   {"gemm_bf16_gflops", ceilings.gemm_bf16_gflops},
                   {"memory_read_gb_s", ceilings.memory_read_gb_s}}},
                 {"threads", f32.threads()},
                 {"backend", gemm_backend()},
                 {"kernels", kernels().name},
                 {"version", version()},
                 {"cases", Json::array()}};
  for (const BenchResult& r : results) report["cases"].push_back(case_json(r, ceilings));
  std::cout << json_text(report, 2) << "\n";
  return 0;
}

}  // namespace
}  // namespace moelm

int main(int argc, char** argv) {
  return moelm::main_guard([&] { return moelm::run(argc, argv); });
}
