// What moe-bench --ranks prints.
#include "bench/ranks/rank_report.hpp"

#include "base/error.hpp"
#include "options/config_json.hpp"
#include "options/presets.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

using namespace moelm;

namespace {

RankRequest request_of() {
  RankRequest request;
  ConfigDraft draft;
  apply_document(find_preset("moe-256").document, "preset", draft);
  request.config = draft.config;
  request.model = "moe-256";
  request.ranks = {2, 16};
  request.networks = {Network{}, Network{12.5e9, 4e-6, 1.5e-6}};
  request.machine = {50e9, 20e9};
  request.machine_source = "given";
  return request;
}

}  // namespace

TEST_CASE("lists and ranges of sizes") {
  CHECK(parse_sizes("2,4,16", "--ranks", 100) == std::vector<Index>{2, 4, 16});
  CHECK(parse_sizes("7", "--ranks", 100) == std::vector<Index>{7});
  CHECK(parse_sizes("2..16", "--ranks", 100) == std::vector<Index>{2, 4, 8, 16});
  CHECK(parse_sizes("3..20", "--ranks", 100) == std::vector<Index>{3, 6, 12, 20});
  CHECK(parse_sizes("5..5", "--ranks", 100) == std::vector<Index>{5});
  for (const char* text : {"", ",", "1,", "0", "101", "1..101", "4..2", "a..b", "1.5"}) {
    INFO(text);
    CHECK_THROWS_AS(parse_sizes(text, "--ranks", 100), Error);
  }
}

TEST_CASE("an expert of width F makes 0.75 F operations for a byte that travels, F where products read bfloat16") {
  CHECK(operations_of_byte(1024, DataType::f32) == 768);
  CHECK(operations_of_byte(1024, DataType::bf16) == 1024);
  // 340 GFLOP/s and 10 Gb/s: 272 operations a byte.
  CHECK(even_width({170e9, 1}, Network{}, DataType::f32) == Approx(272 / 0.75));
  CHECK(even_width({170e9, 1}, Network{}, DataType::bf16) == Approx(272));
}

TEST_CASE("faster networks and wider experts leave more of a step to work") {
  RankRequest request = request_of();
  CHECK(predict_ranks(request, request.networks[1]).back().share_of_work() >
        predict_ranks(request, request.networks[0]).back().share_of_work());
  request.widths = {256, 1024, 4096};
  const std::vector<double> shares = predict_widths(request, request.networks[0]);
  REQUIRE(shares.size() == 3);
  CHECK(shares[0] < shares[1]);
  CHECK(shares[1] < shares[2]);
}

TEST_CASE("the report says that it predicts, for what machine, and what limits") {
  const RankRequest request = request_of();
  const RankReport report(request);
  const std::string text = report.text();
  CHECK(holds(text, "predicted, not measured: moe-256, 1,280 rows a rank"));
  CHECK(holds(text, "100 GFLOP/s in a step, memory 20.0 GB/s (given)"));
  CHECK(holds(text, "100 Gb/s, 4 us, 1.5 us a message"));
  const Json json = report.json();
  CHECK(json.at("networks").size() == 2);
  CHECK(json.at("networks").at(0).at("steps").at(1).at("ranks") == 16);
  CHECK(holds(report.plot(), "ranks, logarithmic"));
}
