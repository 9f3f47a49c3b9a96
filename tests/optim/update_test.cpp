// Every kind with golden values against them, by each of the three ways to update.
#include "optim/update.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "support/catch.hpp"
#include "support/close.hpp"
#include "support/golden.hpp"
#include "support/random_matrix.hpp"

using namespace moelm;

namespace {

void require_golden(const GroupConfig& config, const char* expected_name) {
  const Json g = golden("optimizers");
  Context context(2);
  Matrix whole = golden_matrix(g.at("p")), table = whole.clone(), matrix = whole.clone();
  const Index rows = whole.rows(), columns = whole.cols();
  Moments of_whole = make_moments(config.kind, rows, columns, false);
  Moments of_table = make_moments(config.kind, rows, columns, false);
  Moments of_matrix = make_moments(config.kind, rows, columns, false);
  std::vector<std::int32_t> index(static_cast<std::size_t>(rows));
  std::iota(index.begin(), index.end(), 0);
  std::vector<std::int64_t> last_step(index.size(), 0);
  Index t = 0;
  for (const Json& gradient : g.at("grads")) {
    ++t;
    const OptimizerStep now{config, t, g.at("lr").get<double>()};
    const Matrix dw = golden_matrix(gradient);
    REQUIRE(update_tensor(context, now, dw, of_whole, whole));
    REQUIRE(update_rows(context, now, index, dw, of_table, {last_step}, table));
    REQUIRE(update_matrix(context, now, dw, t - 1, of_matrix, matrix));
  }
  REQUIRE(t == 4);
  const std::vector<double> expected = golden_values(g.at(expected_name));
  REQUIRE(mismatch("tensor", whole.values(), expected, 1e-6) == "");
  REQUIRE(mismatch("rows", table.values(), expected, 1e-6) == "");
  REQUIRE(mismatch("matrix", matrix.values(), expected, 1e-6) == "");
  REQUIRE(last_step == std::vector<std::int64_t>(index.size(), 4));
}

}  // namespace

TEST_CASE("golden: four steps of Adam") { require_golden({}, "adam"); }

TEST_CASE("golden: four steps of appendix D") {
  require_golden({0.0, 0.999, 1e-8, 1.0, OptimizerKind::factored}, "factored_adam");
}

TEST_CASE("an update that spoils one weight says so, whichever kind it is and however it is called") {
  Context context(2);
  constexpr Index kRows = 300, kColumns = 400;  // several tasks
  for (const OptimizerKind kind : {OptimizerKind::adam, OptimizerKind::factored, OptimizerKind::adafactor}) {
    GroupConfig config;
    config.kind = kind;
    config.beta1 = 0;
    const OptimizerStep now{config, 1, 1e38};
    for (const Index spoiled : {-1, 0, 399, 60'000, 119'999}) {
      CAPTURE(enum_name(kind), spoiled);
      Matrix gradient(kRows, kColumns), start(kRows, kColumns);
      for (float& g : gradient.values()) g = 1;
      if (spoiled >= 0) start.data()[spoiled] = -std::numeric_limits<float>::max();
      std::vector<std::int32_t> index(kRows);
      std::iota(index.begin(), index.end(), 0);
      std::vector<std::int64_t> last_step(kRows, 0);
      const auto moments = [&] { return make_moments(kind, kRows, kColumns, false); };
      Moments of_whole = moments(), of_table = moments(), of_matrix = moments();
      Matrix whole = start.clone(), table = start.clone(), matrix = start.clone();
      REQUIRE(update_tensor(context, now, gradient, of_whole, whole) == (spoiled < 0));
      REQUIRE(update_rows(context, now, index, gradient, of_table, {last_step}, table) == (spoiled < 0));
      REQUIRE(update_matrix(context, now, gradient, 0, of_matrix, matrix) == (spoiled < 0));
    }
  }
}

TEST_CASE("weights in bfloat16 are widened, updated and rounded row by row as they would be as a whole") {
  Context context(1);
  constexpr Index kRows = 7, kColumns = 37;
  for (const OptimizerKind kind : {OptimizerKind::adam, OptimizerKind::factored, OptimizerKind::adafactor}) {
    GroupConfig config;
    config.kind = kind;
    CAPTURE(enum_name(kind));
    Matrix wide = random_matrix(kRows, kColumns, 1);
    Bf16Matrix by_row(kRows, kColumns), as_whole(kRows, kColumns);
    for (Bf16Matrix* w : {&by_row, &as_whole}) pack_kernels().round(wide.size(), wide.data(), w->data());
    Moments of_rows = make_moments(config.kind, kRows, kColumns, false);
    Moments of_whole = make_moments(config.kind, kRows, kColumns, false);
    for (Index t = 1; t <= 3; ++t) {
      const OptimizerStep now{config, t, 0.01};
      const auto key = static_cast<std::uint32_t>(100 + t);
      const Matrix gradient = random_matrix(kRows, kColumns, static_cast<std::uint64_t>(10 + t));
      REQUIRE(update_matrix(context, now, gradient, t - 1, of_rows, WeightRows(by_row, key)));
      pack_kernels().widen(wide.size(), as_whole.data(), wide.data());
      REQUIRE(update_matrix(context, now, gradient, t - 1, of_whole, wide));
      REQUIRE(pack_kernels().round_stochastic(wide.size(), key, wide.data(), as_whole.data()));
      REQUIRE(std::equal(by_row.data(), by_row.data() + by_row.size(), as_whole.data()));
    }
  }
}

TEST_CASE("a weight in bfloat16 that an update rounds to infinity is told of") {
  Context context(1);
  for (const OptimizerKind kind : {OptimizerKind::adam, OptimizerKind::factored, OptimizerKind::adafactor}) {
    GroupConfig config;
    config.kind = kind;
    config.beta1 = 0;
    Matrix gradient(3, 20);
    for (float& g : gradient.values()) g = 1;
    for (const bool spoiled : {false, true}) {
      Bf16Matrix weights(3, 20);
      if (spoiled) weights.row(1)[5] = 0xff7f;  // the lowest number of all
      Moments moments = make_moments(kind, 3, 20, false);
      CAPTURE(enum_name(kind), spoiled);
      REQUIRE(update_matrix(context, {config, 1, 1e38}, gradient, 0, moments, WeightRows(weights, 1)) == !spoiled);
    }
  }
}

TEST_CASE("a gradient is brought to the greatest norm that is allowed, never enlarged") {
  REQUIRE(clip_scale(4, 1) == 0.25);
  REQUIRE(clip_scale(0.5, 1) == 1);
  REQUIRE(clip_scale(4, 0) == 1);
}
