// Every case runs, checks its result, and is found by its name. Speed is not tested.
#include "bench/cases.hpp"

#include <algorithm>
#include <set>
#include <string>

#include "bench/peak.hpp"
#include "support/catch.hpp"

using namespace moelm;

namespace {

constexpr BenchSetting kTiny{.tiny = true}, kSpoilt{.tiny = true, .spoil = true};

}  // namespace

TEST_CASE("names of cases are unique, in every setting the same, and parts stand together") {
  std::set<std::string> names, parts;
  std::string part;
  const std::vector<BenchCase> meant = all_cases(), tiny = all_cases(kTiny);
  REQUIRE(meant.size() == tiny.size());
  for (std::size_t i = 0; i < meant.size(); ++i) {
    INFO(meant[i].name);
    CHECK(names.insert(meant[i].name).second);
    CHECK(meant[i].name == tiny[i].name);
    if (meant[i].part != part) CHECK(parts.insert(meant[i].part).second);
    part = meant[i].part;
  }
}

TEST_CASE("some products are standard: the ceilings are taken from them") {
  const std::vector<BenchCase> products = gemm_cases({});
  CHECK(std::any_of(products.begin(), products.end(),
                    [](const BenchCase& c) { return c.choice == BenchChoice::standard && !c.single_type; }));
}

TEST_CASE("what takes most of a memory says so") {
  for (const BenchCase& c : all_cases())
    if (c.name.find("4096-h") != std::string::npos || c.name.find("793471") != std::string::npos) {
      INFO(c.name);
      CHECK(c.memory > Index{1} << 30);
    }
}

TEST_CASE("every case runs at a tiny size, in both types, and says what it took") {
  for (const DataType type : {DataType::f32, DataType::bf16}) {
    Context context(1, type);
    for (const BenchCase& c : all_cases(kTiny)) {
      if (c.single_type && type != DataType::f32) continue;
      INFO(c.name << ", " << data_type_name(type));
      const BenchResult result = c.run(context);
      CHECK(result.name == c.name);
      CHECK(result.part == c.part);
      CHECK(result.dtype == data_type_name(type));
      CHECK(result.seconds > 0);
      CHECK(result.flops + result.bytes > 0);
      CHECK((c.name.find("train-moe") == std::string::npos || !result.layers.empty()));
      for (const BenchLayer& layer : result.layers) CHECK(layer.max_over_mean_tokens >= 1);
    }
  }
}

TEST_CASE("every case refuses a wrong number") {
  Context context(1);
  for (const BenchCase& c : all_cases(kSpoilt)) {
    INFO(c.name);
    CHECK_THROWS_AS(c.run(context), std::logic_error);
  }
}

TEST_CASE("the chains of multiply-adds compute what they should") {
  // Each chain goes to summand / (1 - factor); the dot products add factor * summand a round to 0, 1, 2, ...
  const PeakKernel& f32 = peak_kernel_f32();
  CHECK(f32.flops > 0);
  const float once = f32.run(100, 0.5f, 1.0f), twice = f32.run(200, 0.5f, 1.0f);
  CHECK(once == twice);
  CHECK(once == Approx(f32.flops / 2 * 2.0));
  if (const PeakKernel* bf16 = peak_kernel_bf16()) {
    const double lanes = bf16->flops / 4;  // every lane adds two products, of which one is of zeros
    CHECK(bf16->run(12, 0.5f, 1.0f) - bf16->run(10, 0.5f, 1.0f) == Approx(lanes));
  }
}
