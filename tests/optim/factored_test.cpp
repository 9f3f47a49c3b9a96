// Factored second moments against plain double loops that keep whole matrices; what is skipped
// against dense steps with zero gradients.
#include "optim/factored.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "optim/update.hpp"
#include "support/catch.hpp"
#include "support/close.hpp"
#include "support/random_matrix.hpp"

using namespace moelm;

namespace {

constexpr OptimizerKind kKinds[] = {OptimizerKind::factored, OptimizerKind::adafactor};

GroupConfig group(OptimizerKind kind, double epsilon = 1e-8) { return {0.0, 0.99, epsilon, 0.5, kind}; }

/// Both kinds as their papers write them, every matrix in full and in double precision.
struct Plain {
  std::size_t rows, columns;
  bool vector;
  std::vector<double> w, r, c, v;

  explicit Plain(const Matrix& start, bool is_vector = false)
      : rows(static_cast<std::size_t>(start.rows())),
        columns(static_cast<std::size_t>(start.cols())),
        vector(is_vector),
        w(start.values().begin(), start.values().end()),
        r(rows),
        c(columns),
        v(w.size()) {}

  void step(const OptimizerStep& now, const std::vector<double>& gradient) {
    const double t = static_cast<double>(now.step);
    const bool adafactor = now.config.kind == OptimizerKind::adafactor;
    const double beta2 = adafactor ? 1 - std::pow(t, -0.8) : now.config.beta2;
    std::vector<double> squares(w.size()), change(w.size());
    for (std::size_t i = 0; i < w.size(); ++i)
      squares[i] = std::pow(gradient[i] * now.grad_scale, 2) + (adafactor ? 1e-30 : 0);
    estimate(beta2, squares);
    double total = 0;
    for (std::size_t i = 0; i < w.size(); ++i) {
      const double g = gradient[i] * now.grad_scale;
      const double root = adafactor ? std::sqrt(v[i]) : std::sqrt(v[i] / (1 - std::pow(beta2, t))) + now.config.epsilon;
      change[i] = g == 0 ? 0 : g / root;
      total += change[i] * change[i];
    }
    const double rms = std::sqrt(total / static_cast<double>(w.size()));
    for (std::size_t i = 0; i < w.size(); ++i)
      w[i] -= now.lr * now.config.lr_scale * change[i] / (adafactor ? std::max(1.0, rms) : 1.0);
  }

 private:
  void estimate(double beta2, const std::vector<double>& squares) {
    for (double& x : r) x *= beta2;
    for (double& x : c) x *= beta2;
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t j = 0; j < columns; ++j) {
        r[i] += (1 - beta2) * squares[i * columns + j] / static_cast<double>(columns);
        c[j] += (1 - beta2) * squares[i * columns + j] / static_cast<double>(rows);
      }
    const double mean = std::accumulate(r.begin(), r.end(), 0.0) / static_cast<double>(rows);
    for (std::size_t i = 0; i < w.size(); ++i) {
      if (vector)
        v[i] = beta2 * v[i] + (1 - beta2) * squares[i];
      else
        v[i] = mean > 0 ? r[i / columns] / mean * c[i % columns] : 0;
    }
  }
};

std::vector<double> widened(const Matrix& m) { return {m.values().begin(), m.values().end()}; }

bool same_bits(const Matrix& a, const Matrix& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * 4) == 0;
}

bool all_finite(const Matrix& m) {
  return std::all_of(m.values().begin(), m.values().end(), [](float x) { return std::isfinite(x); });
}

}  // namespace

TEST_CASE("the first estimate is the outer product of row and column means over their mean") {
  // g^2 = [[1, 4, 9], [16, 25, 36]]: R = (14, 77) / 3, C = (17, 29, 45) / 2, mean 91 / 6.
  const GroupConfig config{0.0, 0.999, 0, 1.0, OptimizerKind::factored};
  Context context(1);
  Matrix gradient(2, 3), w(2, 3);
  for (Index i = 0; i < 6; ++i) gradient.data()[i] = static_cast<float>(i % 2 == 0 ? i + 1 : -i - 1);
  Moments moments = make_moments(config.kind, 2, 3, false);
  REQUIRE(update_matrix(context, {config, 1, 1.0}, gradient, 0, moments, w));
  const double v[] = {2.61538462, 4.46153846, 6.92307692, 14.38461538, 24.53846154, 38.07692308};
  for (Index i = 0; i < 6; ++i)
    REQUIRE(w.data()[i] == Approx(-static_cast<double>(gradient.data()[i]) / std::sqrt(v[i])).epsilon(1e-6));
  REQUIRE(moments.m.empty());
  REQUIRE(moments.v.empty());
  REQUIRE(moments.rows.size() + moments.columns.size() == 5);
}

TEST_CASE("many steps of tensors of any shape equal the plain loop, to the bit on any number of threads") {
  const std::pair<Index, Index> shapes[] = {{1, 1}, {1, 37}, {41, 1}, {7, 5}, {300, 513}};
  for (const OptimizerKind kind : kKinds)
    for (const auto& [rows, columns] : shapes)
      for (const bool vector : {false, true}) {
        CAPTURE(enum_name(kind), rows, columns, vector);
        const GroupConfig config = group(kind);
        Context one(1), three(3);
        Matrix w = random_matrix(rows, columns, 1), other = w.clone(), inside = w.clone();
        Moments moments = make_moments(kind, rows, columns, vector),
                of_other = make_moments(kind, rows, columns, vector);
        Moments of_inside = make_moments(kind, rows, columns, vector);
        Plain plain(w, vector);
        for (Index t = 1; t <= 12; ++t) {
          const OptimizerStep now{config, t, 0.02 / static_cast<double>(t), t % 3 == 0 ? 0.25 : 1.0};
          const float size = t == 7 ? 100.0f : 1.0f;
          const Matrix gradient = random_matrix(rows, columns, static_cast<std::uint64_t>(100 + t), size);
          REQUIRE(update_tensor(one, now, gradient, moments, w));
          REQUIRE(update_tensor(three, now, gradient, of_other, other));
          bool finite = false;
          three.parallel_for(2, [&](Index task) {
            if (task == 1) finite = update_matrix(three, now, gradient, t - 1, of_inside, inside);
          });
          REQUIRE(finite);
          plain.step(now, widened(gradient));
        }
        REQUIRE(mismatch("w", w.values(), plain.w, 1e-6) == "");
        if (vector) REQUIRE(mismatch("v", moments.v.values(), plain.v, 1e-6) == "");
        if (!vector) REQUIRE(mismatch("rows", moments.rows.values(), plain.r, 1e-6) == "");
        if (!vector) REQUIRE(mismatch("columns", moments.columns.values(), plain.c, 1e-6) == "");
        REQUIRE(same_bits(w, other));
        REQUIRE(same_bits(w, inside));
      }
}

TEST_CASE("a matrix skipped for many steps equals dense steps with zero gradients") {
  // At the smaller size adafactor's 1e-30 counts, which every skipped step adds too.
  for (const OptimizerKind kind : kKinds)
    for (const float size : {1.0f, 1e-15f}) {
      CAPTURE(enum_name(kind), size);
      const GroupConfig config = group(kind);
      Context context(1);
      Matrix w = random_matrix(9, 6, 1);
      Moments moments = make_moments(kind, 9, 6, false);
      Plain dense(w);
      Index last_step = 0;
      for (Index t = 1; t <= 2000; ++t) {
        const OptimizerStep now{config, t, 0.01};
        const bool touch = t == 3 || t == 150 || t == 151 || t == 300 || t == 2000;
        const Matrix gradient = random_matrix(9, 6, static_cast<std::uint64_t>(t), size);
        dense.step(now, touch ? widened(gradient) : std::vector<double>(54, 0.0));
        if (!touch) continue;
        REQUIRE(update_matrix(context, now, gradient, last_step, moments, w));
        last_step = t;
        CAPTURE(t);
        REQUIRE(mismatch("w", w.values(), dense.w, 1e-6) == "");
        REQUIRE(mismatch("rows", moments.rows.values(), dense.r, 1e-6) == "");
        REQUIRE(mismatch("columns", moments.columns.values(), dense.c, 1e-6) == "");
      }
    }
}

TEST_CASE("a table of few touched rows equals dense steps with zeros for the others, on any number of threads") {
  for (const OptimizerKind kind : kKinds)
    for (const Index columns : {6, 1}) {
      CAPTURE(enum_name(kind), columns);
      constexpr Index kRows = 11;
      const bool vector = columns == 1;
      const GroupConfig config = group(kind);
      Context one(1), three(3);
      Matrix table = random_matrix(kRows, columns, 1), other = table.clone();
      Moments moments = make_moments(kind, kRows, columns, vector),
              of_other = make_moments(kind, kRows, columns, vector);
      std::vector<std::int64_t> last_step(kRows, 0), last_of_other = last_step;
      Plain dense(table, vector);
      const RandomStream random(7, "rows", 0);
      for (Index t = 1; t <= 400; ++t) {
        // Row 0 in every step, row 1 never before the last, the others by chance, rarer and rarer.
        std::vector<std::int32_t> index = {0};
        for (Index row = 2; row < kRows; ++row)
          if (random.uniform(t, row, 0) < 0.5f / static_cast<float>(row * row)) index.push_back(static_cast<int>(row));
        if (t == 400) index.push_back(1);
        const auto touched = static_cast<Index>(index.size());
        const Matrix gradient = random_matrix(touched, columns, static_cast<std::uint64_t>(t));
        const OptimizerStep now{config, t, 0.01, 0.5};
        REQUIRE(update_rows(one, now, index, gradient, moments, {last_step}, table));
        REQUIRE(update_rows(three, now, index, gradient, of_other, {last_of_other}, other));
        std::vector<double> all(static_cast<std::size_t>(kRows * columns), 0.0);
        for (Index i = 0; i < touched; ++i)
          std::copy_n(gradient.row(i), columns, all.begin() + index[static_cast<std::size_t>(i)] * columns);
        dense.step(now, all);
        CAPTURE(t);
        REQUIRE(mismatch("table", table.values(), dense.w, 1e-5) == "");
      }
      REQUIRE(last_step[1] == 400);
      REQUIRE(same_bits(table, other));
      if (!vector) REQUIRE(mismatch("columns", moments.columns.values(), dense.c) == "");
    }
}

TEST_CASE("gradients of any size leave weights and moments finite, and move no weight far") {
  for (const OptimizerKind kind : kKinds)
    for (const double epsilon : {1e-8, 0.0})
      for (const float size : {1e-30f, 1e-20f, 1e15f, 1e30f}) {
        CAPTURE(enum_name(kind), epsilon, size);
        const GroupConfig config = group(kind, epsilon);
        Context context(1);
        Matrix w = random_matrix(13, 17, 1);
        const Matrix start = w.clone();
        Moments moments = make_moments(kind, 13, 17, false);
        for (Index t = 1; t <= 5; ++t) {
          Matrix gradient = random_matrix(13, 17, static_cast<std::uint64_t>(t));
          // One row and one column of that size, or everything, beside ordinary numbers.
          for (Index i = 0; i < 13; ++i)
            for (Index j = 0; j < 17; ++j)
              if (t > 3 || i == 4 || j == 5) gradient(i, j) *= size;
          REQUIRE(update_matrix(context, {config, t, 1e-3}, gradient, t - 1, moments, w));
          REQUIRE(all_finite(w));
          REQUIRE(all_finite(moments.rows));
          REQUIRE(all_finite(moments.columns));
        }
        // Where a tiny row crosses a tiny column the outer product is too small; an epsilon or a bound is for that.
        if (size < 1e18f && (epsilon > 0 || kind == OptimizerKind::adafactor))
          for (Index i = 0; i < w.size(); ++i) REQUIRE(std::abs(w.data()[i] - start.data()[i]) < 5e-2f);
      }
}

TEST_CASE("a gradient of zeros changes no weight, even without an epsilon") {
  for (const OptimizerKind kind : kKinds)
    for (const bool vector : {false, true}) {
      const GroupConfig config = group(kind, 0.0);
      Context context(1);
      Matrix w = random_matrix(4, 5, 1), zero(4, 5);
      const Matrix start = w.clone();
      Moments moments = make_moments(kind, 4, 5, vector);
      for (Index t = 1; t <= 3; ++t) REQUIRE(update_tensor(context, {config, t, 0.1}, zero, moments, w));
      REQUIRE(same_bits(w, start));
      zero(2, 3) = 0.5f;  // now one number alone
      REQUIRE(update_tensor(context, {config, 4, 0.1}, zero, moments, w));
      for (Index i = 0; i < 20; ++i) REQUIRE((w.data()[i] == start.data()[i]) == (i != 13));
      REQUIRE(all_finite(w));
    }
}

TEST_CASE("adafactor bounds the root mean square of an update by the learning rate") {
  const GroupConfig config = group(OptimizerKind::adafactor);
  Context context(1);
  Matrix w = random_matrix(20, 30, 1);
  Moments moments = make_moments(config.kind, 20, 30, false);
  for (Index t = 1; t <= 10; ++t) {
    const Matrix before = w.clone();
    const Matrix gradient = random_matrix(20, 30, static_cast<std::uint64_t>(t), t == 10 ? 1000.0f : 1.0f);
    REQUIRE(update_matrix(context, {config, t, 0.01}, gradient, t - 1, moments, w));
    double total = 0;
    for (Index i = 0; i < w.size(); ++i) total += std::pow(static_cast<double>(w.data()[i] - before.data()[i]), 2);
    const double rms = std::sqrt(total / 600);
    REQUIRE(rms <= 0.005 * (1 + 1e-4));
    if (t == 10) REQUIRE(rms == Approx(0.005).epsilon(1e-4));
  }
}
