// Adam against a plain double loop; what is skipped against dense steps with zero gradients.
#include "optim/adam.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "optim/update.hpp"
#include "support/catch.hpp"
#include "support/close.hpp"
#include "support/random_matrix.hpp"

using namespace moelm;

namespace {

/// Adam of one tensor in double precision, as Kingma and Ba write it, with decays rounded to single precision.
struct PlainAdam {
  std::vector<double> w, m, v;

  explicit PlainAdam(const Matrix& start) : w(start.values().begin(), start.values().end()), m(w.size()), v(w.size()) {}

  void step(const OptimizerStep& now, const std::vector<double>& gradient) {
    GroupConfig c = now.config;
    c.beta1 = static_cast<double>(static_cast<float>(c.beta1));
    c.beta2 = static_cast<double>(static_cast<float>(c.beta2));
    const double t = static_cast<double>(now.step);
    for (std::size_t i = 0; i < w.size(); ++i) {
      const double g = gradient[i] * now.grad_scale;
      m[i] = c.beta1 * m[i] + (1 - c.beta1) * g;
      v[i] = c.beta2 * v[i] + (1 - c.beta2) * g * g;
      w[i] -= now.lr * c.lr_scale * (m[i] / (1 - std::pow(c.beta1, t))) /
              (std::sqrt(v[i] / (1 - std::pow(c.beta2, t))) + c.epsilon);
    }
  }
};

Moments adam_moments(Index rows, Index columns) { return make_moments(OptimizerKind::adam, rows, columns, false); }

std::vector<double> widened(const Matrix& m) { return {m.values().begin(), m.values().end()}; }

bool same_bits(const Matrix& a, const Matrix& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * 4) == 0;
}

/// Row 1 of a table of three has a gradient in some steps only; dense Adam gives it zeros in the others.
struct SkippedRow {
  Matrix sparse = random_matrix(3, 9, 1);
  Moments moments = adam_moments(3, 9);
  std::vector<std::int64_t> last_step = std::vector<std::int64_t>(3, 0);
  PlainAdam dense{sparse};

  void run(const GroupConfig& config, Index steps, const std::vector<Index>& touched) {
    Context context(2);
    for (Index t = 1; t <= steps; ++t) {
      const bool touch = std::find(touched.begin(), touched.end(), t) != touched.end();
      const OptimizerStep now{config, t, 0.01, 0.5};
      const Matrix gradient = random_matrix(touch ? 3 : 2, 9, static_cast<std::uint64_t>(t));
      const std::vector<std::int32_t> index =
          touch ? std::vector<std::int32_t>{0, 1, 2} : std::vector<std::int32_t>{0, 2};
      REQUIRE(update_rows(context, now, index, gradient, moments, {last_step}, sparse));
      std::vector<double> all(27);
      for (std::size_t r = 0; r < index.size(); ++r)
        std::copy_n(gradient.row(static_cast<Index>(r)), 9, all.begin() + 9 * index[r]);
      dense.step(now, all);
    }
  }
};

}  // namespace

TEST_CASE("the first step moves every weight by the learning rate, whatever the decays are") {
  Context context(1);
  for (const double beta1 : {0.0, 0.9, 0.999999})
    for (const double beta2 : {0.0, 0.9, 0.999, 0.99999, 0.9999999}) {
      CAPTURE(beta1, beta2);
      Matrix w(1, 2), gradient(1, 2);
      gradient(0, 0) = 0.03f;
      gradient(0, 1) = -7.0f;
      Moments moments = adam_moments(1, 2);
      REQUIRE(adam_update_matrix(context, {{beta1, beta2, 0, 2.0}, 1, 0.01}, gradient, 0, moments, w));
      REQUIRE(w(0, 0) == Approx(-0.02).epsilon(1e-5));
      REQUIRE(w(0, 1) == Approx(0.02).epsilon(1e-5));
    }
}

TEST_CASE("many steps of a large tensor equal the plain loop, on any number of threads") {
  for (const GroupConfig& config : {GroupConfig{}, GroupConfig{0.0, 0.98, 1e-6, 0.5}}) {
    Context one(1), three(3);
    Matrix w = random_matrix(300, 500, 1), other = w.clone();
    Moments moments = adam_moments(300, 500), other_moments = adam_moments(300, 500);
    PlainAdam plain(w);
    for (Index t = 1; t <= 12; ++t) {
      const OptimizerStep now{config, t, 0.02 / static_cast<double>(t), 0.25};
      const Matrix gradient = random_matrix(300, 500, static_cast<std::uint64_t>(100 + t));
      REQUIRE(adam_update(one, now, gradient, moments, w));
      REQUIRE(adam_update(three, now, gradient, other_moments, other));
      plain.step(now, widened(gradient));
    }
    REQUIRE(mismatch("w", w.values(), plain.w, 1e-6) == "");
    REQUIRE(mismatch("m", moments.m.values(), plain.m, 1e-6) == "");
    REQUIRE(mismatch("v", moments.v.values(), plain.v, 1e-6) == "");
    REQUIRE(same_bits(w, other));
  }
}

TEST_CASE("with beta1 = 0 a row skipped for many steps equals dense Adam with zero gradients") {
  SkippedRow skipped;
  skipped.run({0.0, 0.999, 1e-8, 1.0}, 1500, {1, 2, 40, 1000, 1001, 1500});
  REQUIRE(mismatch("table", skipped.sparse.values(), skipped.dense.w) == "");
  REQUIRE(mismatch("v", skipped.moments.v.values(), skipped.dense.v) == "");
}

TEST_CASE("with beta1 > 0 a skipped row stays where it is, and its moments decay when it is next touched") {
  SkippedRow skipped;
  skipped.run({0.9, 0.99, 1e-8, 1.0}, 5, {2, 5});
  REQUIRE(mismatch("m", skipped.moments.m.values(), skipped.dense.m) == "");
  REQUIRE(mismatch("v", skipped.moments.v.values(), skipped.dense.v) == "");
  REQUIRE(skipped.last_step == std::vector<std::int64_t>{5, 5, 5});

  SkippedRow untouched;
  untouched.run({0.9, 0.99, 1e-8, 1.0}, 3, {2});
  const Matrix start = random_matrix(3, 9, 1);
  SkippedRow earlier;
  earlier.run({0.9, 0.99, 1e-8, 1.0}, 2, {2});
  REQUIRE(std::equal(untouched.sparse.row(1), untouched.sparse.row(1) + 9, earlier.sparse.row(1)));
  REQUIRE_FALSE(std::equal(untouched.sparse.row(1), untouched.sparse.row(1) + 9, start.row(1)));
  REQUIRE_FALSE(std::equal(untouched.sparse.row(0), untouched.sparse.row(0) + 9, earlier.sparse.row(0)));
}

TEST_CASE("where all rows are updated, a row without a gradient moves on as with dense Adam") {
  GroupConfig config{0.9, 0.999, 1e-8, 1.0};
  config.rows = RowUpdates::all;
  for (const std::vector<Index>& touched : {std::vector<Index>{1, 2, 40, 1000, 1001}, std::vector<Index>{}}) {
    SkippedRow skipped;
    skipped.run(config, 1100, touched);
    REQUIRE(mismatch("table", skipped.sparse.values(), skipped.dense.w, 1e-5) == "");
    REQUIRE(mismatch("m", skipped.moments.m.values(), skipped.dense.m, 1e-5) == "");
    REQUIRE(mismatch("v", skipped.moments.v.values(), skipped.dense.v, 1e-5) == "");
    REQUIRE(skipped.last_step == std::vector<std::int64_t>{1100, touched.empty() ? 0 : 1100, 1100});
  }
  SkippedRow moves;  // far from where it would stay
  moves.run({0.9, 0.999, 1e-8, 1.0}, 30, {2});
  REQUIRE(mismatch("table", moves.sparse.values(), moves.dense.w, 1e-3) != "");
}

TEST_CASE("from touched rows to all and back: moments decay for every step once") {
  GroupConfig config{0.9, 0.99, 1e-8, 1.0};
  Context context(2);
  Matrix table = random_matrix(40, 9, 1);
  Moments moments = adam_moments(40, 9);
  std::vector<std::int64_t> last_step(40, 0);
  PlainAdam dense(table);
  for (Index t = 1; t <= 30; ++t) {
    config.rows = t > 10 && t <= 20 ? RowUpdates::all : RowUpdates::touched;
    const OptimizerStep now{config, t, 0.01};
    std::vector<std::int32_t> index;
    for (std::int32_t row = t == 30 ? 0 : static_cast<std::int32_t>(t % 4); row < 40; row += t == 30 ? 1 : 4)
      index.push_back(row);
    const auto count = static_cast<Index>(index.size());
    const Matrix gradient = random_matrix(count, 9, static_cast<std::uint64_t>(t));
    std::vector<double> all(360);
    for (Index r = 0; r < count; ++r)
      std::copy_n(gradient.row(r), 9, all.begin() + 9 * index[static_cast<std::size_t>(r)]);
    REQUIRE(update_rows(context, now, index, gradient, moments, {last_step}, table));
    dense.step(now, all);
  }
  REQUIRE(mismatch("m", moments.m.values(), dense.m, 1e-5) == "");
  REQUIRE(mismatch("v", moments.v.values(), dense.v, 1e-5) == "");
  REQUIRE(last_step == std::vector<std::int64_t>(40, 30));
}

TEST_CASE("all rows are the same bits with any number of threads, in a table of several tasks") {
  GroupConfig config;
  config.rows = RowUpdates::all;
  std::vector<Matrix> tables;
  for (const int threads : {1, 3}) {
    Context context(threads);
    Matrix table = random_matrix(1000, 130, 1);
    Moments moments = adam_moments(1000, 130);
    std::vector<std::int64_t> last_step(1000, 0);
    for (Index t = 1; t <= 4; ++t) {
      const std::vector<std::int32_t> index = {0, static_cast<std::int32_t>(100 * t), 503, 504, 999};
      REQUIRE(update_rows(context, {config, t, 0.01}, index, random_matrix(5, 130, static_cast<std::uint64_t>(t)),
                          moments, {last_step}, table));
    }
    tables.push_back(table.clone());
  }
  REQUIRE(same_bits(tables[0], tables[1]));
}

TEST_CASE("with beta1 = 0 a matrix skipped for many steps equals dense Adam with zero gradients") {
  Context context(1);
  const GroupConfig config{0.0, 0.99, 1e-8, 1.0};
  Matrix w = random_matrix(4, 6, 1);
  Moments moments = adam_moments(4, 6);
  PlainAdam dense(w);
  Index last_step = 0;
  for (Index t = 1; t <= 300; ++t) {
    const OptimizerStep now{config, t, 0.01};
    const bool touch = t == 3 || t == 150 || t == 151 || t == 300;
    const Matrix gradient = random_matrix(4, 6, static_cast<std::uint64_t>(t));
    dense.step(now, touch ? widened(gradient) : std::vector<double>(24, 0.0));
    if (!touch) continue;
    REQUIRE(adam_update_matrix(context, now, gradient, last_step, moments, w));
    last_step = t;
  }
  REQUIRE(mismatch("w", w.values(), dense.w) == "");
  REQUIRE(mismatch("v", moments.v.values(), dense.v) == "");
}
