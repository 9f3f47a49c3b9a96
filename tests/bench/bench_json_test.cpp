// The keys that scripts rely on, and what the figures are divided by.
#include "bench/bench_json.hpp"

#include <set>

#include "bench/cases.hpp"
#include "bench/growth_plot.hpp"
#include "bench/step_model.hpp"
#include "support/catch.hpp"

using namespace moelm;

namespace {

Ceilings some_ceilings() {
  Ceilings c;
  c.gemm_f32_gflops = 200;
  c.gemm_bf16_gflops = 400;
  c.memory_read_gb_s = 20;
  c.memory_copy_gb_s = 15;
  c.peak_f32_gflops = 205;
  c.peak_bf16_gflops = 500;
  return c;
}

BenchResult some_result(double flops, double bytes, const char* dtype = "f32") {
  BenchResult r{"a-case", dtype};
  r.seconds = 2;
  r.tokens = 100;
  r.flops = flops;
  r.bytes = bytes;
  r.part = "a part";
  return r;
}

}  // namespace

TEST_CASE("the report has the keys of its contract") {
  const std::vector<BenchResult> results = {some_result(100e9, 0), some_result(100e9, 0, "bf16"), some_result(0, 10e9)};
  const Json report = bench_json(some_ceilings(), results, 2);
  for (const char* key : {"gemm_f32_gflops", "gemm_bf16_gflops", "memory_read_gb_s"})
    CHECK(report.at("ceilings").at(key).is_number());
  REQUIRE(report.at("cases").size() == 3);
  for (const Json& c : report.at("cases"))
    for (const char* key : {"name", "dtype", "seconds", "tokens_per_s", "gflops", "fraction_of_ceiling"})
      CHECK(c.contains(key));
  const Json& f32 = report["cases"][0];
  CHECK(f32["name"] == "a-case");
  CHECK(f32["tokens_per_s"] == 50.0);
  CHECK(f32["gflops"] == 50.0);
  CHECK(f32["fraction_of_ceiling"] == 0.25);
  CHECK(report["cases"][1]["fraction_of_ceiling"] == 0.125);
  CHECK(report["cases"][2]["gflops"].is_null());
  CHECK(report["cases"][2]["gb_per_s"] == 5.0);
  CHECK(report["cases"][2]["fraction_of_ceiling"] == 0.25);
}

TEST_CASE("a roofline adds the times of products and of memory") {
  const std::vector<BenchResult> results = {some_result(100e9, 10e9)};
  const Json report = bench_json(some_ceilings(), results, 2);
  CHECK(report["cases"][0]["roofline_seconds"].get<double>() == Approx(0.5 + 0.5));
  CHECK(report["cases"][0]["fraction_of_roofline"].get<double>() == Approx(0.5));
}

TEST_CASE("a ceiling far below what the registers allow is suspect") {
  Ceilings c = some_ceilings();
  CHECK(c.suspect() == std::vector<std::string>{"bf16"});
  c.gemm_f32_gflops = 100;
  CHECK(c.suspect() == std::vector<std::string>{"f32", "bf16"});
  c.peak_bf16_gflops.reset();
  CHECK(c.suspect() == std::vector<std::string>{"f32"});
  CHECK(bench_json(c, {}, 1)["ceilings"]["peak_bf16_gflops"].is_null());
}

TEST_CASE("layers of a step say how unevenly experts were used") {
  std::vector<BenchResult> results = {some_result(1e9, 0)};
  results[0].layers = {{2, 32, 1.5}};
  const Json layer = bench_json(some_ceilings(), results, 1)["cases"][0]["layers"][0];
  CHECK(layer == Json({{"layer", 2}, {"experts", 32}, {"max_over_mean_tokens", 1.5}}));
}

TEST_CASE("operations of a step are counted as the paper counts, 6 per multiply-add in training") {
  // LSTM 512: 8 D^2 each, two of them; 4 experts of 2 D 1024; two logits of D for each of 32 experts; D V.
  const double d = 512, ops = 2 * 8 * d * d + 4 * 2 * d * 1024 + 2 * 32 * d + d * 10000;
  const StepModel model = make_step_model({}, {.preset = "moe-32"});
  CHECK(training_flops(model) == Approx(6 * ops * 1280));
  CHECK(evaluation_flops(model) == Approx(2 * ops * 1280));
  const StepModel sampled = make_step_model({}, {.preset = "moe-32", .vocabulary = 793471, .samples = 8192});
  CHECK(training_flops(sampled) == Approx(6 * (ops + d * (8192 - 10000)) * 1280));
}

TEST_CASE("a step moves the weights of the experts that its tokens touch, and no more") {
  const auto bytes = [](const char* preset, OptimizerKind kind, Index streams) {
    return training_bytes(make_step_model({}, {.preset = preset, .streams = streams, .experts = kind}));
  };
  const double one = 2.0 * 512 * 1024;
  const auto kept = [](DataType weights) {
    return training_bytes(
        make_step_model({}, {.preset = "moe-4", .experts = OptimizerKind::factored, .weights = weights}));
  };
  CHECK(kept(DataType::f32) - kept(DataType::bf16) == Approx(8 * 4 * one));
  // All 4 experts are touched: 8 bytes a weight in both directions, 8 or 24 in the update.
  CHECK(bytes("moe-4", OptimizerKind::adam, 64) - bytes("moe-4", OptimizerKind::factored, 64) == Approx(16 * 4 * one));
  // One stream of 20 tokens touches fewer than 80 of 256.
  const double few =
      (bytes("moe-256", OptimizerKind::adam, 1) - bytes("moe-256", OptimizerKind::factored, 1)) / 16 / one;
  CHECK(few > 60);
  CHECK(few < 80);
}

TEST_CASE("growth is drawn as two curves per type, from left to right whatever the order of the cases") {
  std::vector<BenchResult> results;
  for (const Index experts : {256, 4, 32}) {
    BenchResult r = some_result(1e9, 1e9);
    r.part = kGrowthPart;
    r.seconds = 0.1 * static_cast<double>(experts);
    r.layers = {{2, experts, 1}};
    results.push_back(r);
  }
  results.push_back(some_result(1e9, 1e9));  // of another part
  const std::string svg = growth_plot(some_ceilings(), results);
  const auto count = [&](const std::string& text) {
    int found = 0;
    for (std::size_t at = svg.find(text); at != std::string::npos; at = svg.find(text, at + 1)) ++found;
    return found;
  };
  CHECK(count("<circle") == 3);
  CHECK(count("class=\"curve c0\"") == 2);  // the curve and its key
  CHECK(count("class=\"curve c1\"") == 2);
  CHECK(count("class=\"curve c2\"") == 0);
  const std::size_t four = svg.find(" at 4<"), more = svg.find(" at 32<"), most = svg.find(" at 256<");
  CHECK(four < more);
  CHECK(more < most);
  CHECK(most != std::string::npos);
  CHECK(count("<svg") == count("</svg>"));
  CHECK(count("<text") == count("</text>"));
}
