#include "bench/report/tables.hpp"

#include <algorithm>

#include "terminal/format.hpp"
#include "terminal/table.hpp"

namespace moelm {

namespace {

std::string or_dash(double value, int decimals) { return value > 0 ? format_fixed(value, decimals) : "-"; }

std::string percent(double share) { return format_fixed(100 * share, 1); }

/// The most uneven of the layers of a step.
std::string unevenness(const BenchResult& r) {
  double max_imbalance = 0;
  for (const BenchLayer& layer : r.layers) max_imbalance = std::max(max_imbalance, layer.max_over_mean_tokens);
  return or_dash(max_imbalance, 2);
}

std::string part_table(const std::string& part, const std::vector<BenchResult>& results, const Ceilings& ceilings) {
  bool roofline = false, layers = false, memory = false;
  for (const BenchResult& r : results) {
    roofline = roofline || (r.part == part && r.flops > 0 && r.bytes > 0);
    layers = layers || (r.part == part && !r.layers.empty());
    memory = memory || (r.part == part && r.flops == 0);
  }
  Table table;
  table.add_column(part, Align::left);
  table.add_column("type", Align::left);
  for (const char* heading : {"ms a call", "tokens/s", memory ? "GB/s" : "GFLOP/s", "% of ceiling"})
    table.add_column(heading);
  if (roofline) table.add_column("roofline tokens/s"), table.add_column("% of it");
  if (layers) table.add_column("max/mean tokens");
  for (const BenchResult& r : results) {
    if (r.part != part) continue;
    std::vector<std::string> cells = {r.name,
                                      r.dtype,
                                      format_fixed(r.seconds * 1e3, 3),
                                      or_dash(r.tokens_per_s(), 0),
                                      format_fixed(memory ? r.gb_s() : r.gflops(), 1),
                                      percent(ceilings.fraction(r))};
    const double seconds = ceilings.roofline_seconds(r);
    const bool both = r.flops > 0 && r.bytes > 0;
    if (roofline) cells.push_back(both ? format_fixed(r.tokens / seconds, 0) : "-");
    if (roofline) cells.push_back(both ? percent(seconds / r.seconds) : "-");
    if (layers) cells.push_back(unevenness(r));
    table.add_row(cells);
  }
  return table.str() + "\n";
}

std::string ceiling_table(const Ceilings& c) {
  Table table;
  for (const char* heading : {"ceilings", "f32", "bf16"}) table.add_column(heading, Align::left);
  table.add_row({"best product, GFLOP/s", or_dash(c.gemm_f32_gflops, 1), or_dash(c.gemm_bf16_gflops, 1)});
  table.add_row(
      {"registers alone, GFLOP/s", format_fixed(c.peak_f32_gflops, 1), or_dash(c.peak_bf16_gflops.value_or(0), 1)});
  std::string text = table.str() + "memory: reads " + format_fixed(c.memory_read_gb_s, 1) + " GB/s, copies " +
                     format_fixed(c.memory_copy_gb_s, 1) + " GB/s (read and written)\n";
  for (const std::string& type : c.suspect())
    text += "suspect: the best " + type + " product is below 95 % of what the registers allow\n";
  return text;
}

}  // namespace

std::string bench_tables(const Ceilings& ceilings, const std::vector<BenchResult>& results) {
  std::vector<std::string> parts;
  for (const BenchResult& r : results)
    if (std::find(parts.begin(), parts.end(), r.part) == parts.end()) parts.push_back(r.part);
  std::string text;
  for (const std::string& part : parts) text += part_table(part, results, ceilings);
  return text + ceiling_table(ceilings);
}

}  // namespace moelm
