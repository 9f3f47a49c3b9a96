// The comparison before every measurement, and its reference loops.
#include "bench/plain.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>

#include "bench/plain_update.hpp"
#include "support/catch.hpp"
#include "support/close.hpp"
#include "support/random_matrix.hpp"

using namespace moelm;

TEST_CASE("a comparison takes what is near and refuses what is not, is not a number, or is missing") {
  const BenchSetting setting;
  const Doubles expected = {1, -10, 2};
  CHECK_NOTHROW(expect_close(setting, "x", {1.05, -10.05, 2}, expected, 0.01));
  CHECK_THROWS_AS(expect_close(setting, "x", {1.2, -10, 2}, expected, 0.01), std::logic_error);
  CHECK_THROWS_AS(expect_close(setting, "x", {1, std::nan(""), 2}, expected, 0.01), std::logic_error);
  CHECK_THROWS_AS(expect_close(setting, "x", {1, std::numeric_limits<double>::infinity(), 2}, expected, 0.01),
                  std::logic_error);
  CHECK_THROWS_AS(expect_close(setting, "x", {1, -10}, expected, 0.01), std::logic_error);
  CHECK_THROWS_AS(expect_close({.tiny = false, .spoil = true}, "x", expected, expected, 0.01), std::logic_error);
}

TEST_CASE("a message says where, what was expected and what was found") {
  try {
    expect_close({}, "gemm-1x2x3", {1, 7}, {1, 2}, 0.1);
    FAIL("not refused");
  } catch (const std::logic_error& error) {
    CHECK(std::string(error.what()).find("gemm-1x2x3: number 1 is wrong: expected 2") == 0);
  }
}

TEST_CASE("plain products are those of the definition") {
  Matrix w(2, 3);
  for (Index i = 0; i < 6; ++i) w.data()[i] = static_cast<float>(i + 1);  // 1 2 3; 4 5 6
  CHECK(times(w, {1, 0, -1}) == Doubles{-2, -2});
  CHECK(transposed_times(w, {1, -1}) == Doubles{-3, -3, -3});
  CHECK(inner_product(w.row(0), w.row(1), 3) == 32);
  CHECK(gradient_row(w, w, 2) == Doubles{27, 36, 45});
}

TEST_CASE("the first update by hand: adam by sign, the factored kinds exactly where squares have rank one") {
  const Doubles g = {1, -2, 3, -6};  // squares are (1, 9)^T (1, 4)
  GroupConfig config;
  config.epsilon = 0;
  CHECK(first_update(config, 0.5, g, 2, 2) == Doubles{0.5, -0.5, 0.5, -0.5});
  for (const OptimizerKind kind : {OptimizerKind::factored, OptimizerKind::adafactor}) {
    config.kind = kind;
    CHECK(mismatch("update", first_update(config, 0.5, g, 2, 2), Doubles{0.5, -0.5, 0.5, -0.5}, 1e-12) == "");
  }
}

TEST_CASE("sizes of the tiny setting are small, never zero, and equal where they were small before") {
  const BenchSetting tiny{.tiny = true};
  CHECK(tiny.size(1) == 1);
  CHECK(tiny.size(4) == 4);
  CHECK(tiny.size(32) == 4);
  CHECK(tiny.size(512) == 8);
  CHECK(BenchSetting{}.size(512) == 512);
}

TEST_CASE("a measurement prepares before every call and calls as often as it should") {
  int prepared = 0, called = 0;
  const auto run = [&](const BenchSetting& setting) {
    prepared = called = 0;
    return setting.median_seconds([&] { ++prepared; }, [&] { ++called; }, 0.0, 7);
  };
  CHECK(run({}) >= 0);
  CHECK(called == 8);
  CHECK(prepared == called);
  run({.tiny = true});
  CHECK(called == 2);
}
