// Every instruction set's kernels against the functions of the standard library in double precision.
#include "ops/kernels.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/random_matrix.hpp"

using namespace moelm;

namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

template <class F>
void for_each_kernels(F&& test) {
  int count = 0;
  const Kernels* const* all = all_kernels(count);
  REQUIRE(count >= 1);
  for (int i = 0; i < count; ++i) {
    INFO(all[i]->name);
    test(*all[i]);
  }
}

}  // namespace

TEST_CASE("exp and sigmoid are accurate over their range") {
  for_each_kernels([](const Kernels& k) {
    std::vector<float> x, e, s;
    for (float v = -80; v < 80; v += 0.0137f) x.push_back(v);
    e.resize(x.size());
    s.resize(x.size());
    double expected_sum = 0;
    const double sum = k.exp_sum(static_cast<Index>(x.size()), 80.0f, x.data(), e.data());
    k.sigmoid(static_cast<Index>(x.size()), x.data(), s.data());
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double argument = static_cast<double>(x[i] - 80.0f), exact = std::exp(argument);
      expected_sum += exact;
      if (argument > -87) REQUIRE(std::abs(e[i] - exact) <= 3e-7 * exact);
      REQUIRE(std::abs(s[i] - sigmoid(static_cast<double>(x[i]))) <= 2e-7);
    }
    REQUIRE(sum == Approx(expected_sum).epsilon(1e-6));
  });
}

TEST_CASE("exp stays finite beyond its range") {
  for_each_kernels([](const Kernels& k) {
    constexpr float kInfinity = std::numeric_limits<float>::infinity(), kMax = std::numeric_limits<float>::max();
    const std::vector<float> low = {-87.3f, -87.4f, -1e4f, -kMax, -kInfinity};
    const std::vector<float> high = {88.3f, 88.4f, 1e4f, kMax, kInfinity};
    std::vector<float> y(5);
    for (const std::vector<float>& x : {low, high}) {
      const double bound = std::exp(static_cast<double>(x[0]));
      k.exp_sum(5, 0.0f, x.data(), y.data());
      for (const float value : y) REQUIRE(std::abs(value - bound) <= 3e-7 * bound);
    }
    const std::vector<float> small = {0.0f, -0.0f, 1e-45f, -1e-45f, 1e-38f};
    k.exp_sum(5, 0.0f, small.data(), y.data());
    for (const float value : y) REQUIRE(value == 1.0f);
  });
}

TEST_CASE("a NaN stays visible through exp, sigmoid and relu") {
  for_each_kernels([](const Kernels& k) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    std::vector<float> x(19, 1.0f), y(19);
    x[11] = nan;
    REQUIRE(std::isnan(k.exp_sum(19, 0.0f, x.data(), y.data())));
    k.sigmoid(19, x.data(), y.data());
    REQUIRE(std::isnan(y[11]));
    k.relu(19, x.data());
    REQUIRE(std::isnan(x[11]));
    REQUIRE(std::isnan(k.sum_of_squares(19, x.data())));
  });
}

TEST_CASE("the LSTM cell and its backward equal the equations") {
  for_each_kernels([](const Kernels& k) {
    for (const Index cells : {1, 16, 37}) {
      const auto n = static_cast<std::size_t>(cells);
      Matrix gates = random_matrix(4, cells, 1, 1.5f), dc = random_matrix(1, cells, 4), sums = gates.clone();
      const Matrix bias = random_matrix(1, 4 * cells, 5);
      for (Index j = 0; j < sums.size(); ++j) sums.data()[j] += bias(0, j);
      const Matrix previous = random_matrix(1, cells, 2), dh = random_matrix(1, cells, 3);
      const Matrix dc_next = dc.clone();
      std::vector<float> c(n), tanh_c(n), h(n), dgates(4 * n);
      k.lstm_cell_forward(cells, bias.data(), gates.data(), previous.data(), c.data(), tanh_c.data(), h.data());
      k.lstm_cell_backward(cells, gates.data(), previous.data(), tanh_c.data(), dh.data(), dc.data(), dgates.data());
      for (Index j = 0; j < cells; ++j) {
        const auto u = static_cast<std::size_t>(j);
        const double i = sigmoid(sums(0, j)), f = sigmoid(sums(1, j)), g = std::tanh(static_cast<double>(sums(2, j)));
        const double o = sigmoid(sums(3, j)), exact_c = f * previous(0, j) + i * g, t = std::tanh(exact_c);
        REQUIRE(c[u] == Approx(exact_c).margin(2e-6));
        REQUIRE(h[u] == Approx(o * t).margin(2e-6));
        const double d = dc_next(0, j) + dh(0, j) * o * (1 - t * t);
        REQUIRE(dgates[u] == Approx(d * g * i * (1 - i)).margin(3e-6));
        REQUIRE(dgates[n + u] == Approx(d * previous(0, j) * f * (1 - f)).margin(3e-6));
        REQUIRE(dgates[2 * n + u] == Approx(d * i * (1 - g * g)).margin(3e-6));
        REQUIRE(dgates[3 * n + u] == Approx(dh(0, j) * t * o * (1 - o)).margin(3e-6));
        REQUIRE(dc(0, j) == Approx(d * f).margin(3e-6));
      }
    }
  });
}

TEST_CASE("reductions and updates equal plain loops for odd lengths") {
  for_each_kernels([](const Kernels& k) {
    for (const Index n : {1, 15, 16, 17, 1000}) {
      const Matrix x = random_matrix(1, n, 5), y0 = random_matrix(1, n, 6);
      double dot = 0, squares = 0, magnitude = 0;
      float greatest = x(0, 0) + y0(0, 0);
      double sum = 0;
      for (Index j = 0; j < n; ++j) {
        dot += static_cast<double>(x(0, j)) * y0(0, j);
        magnitude += std::abs(static_cast<double>(x(0, j)) * y0(0, j));
        squares += static_cast<double>(x(0, j)) * x(0, j);
        greatest = std::max(greatest, x(0, j) + y0(0, j));
        sum += static_cast<double>(x(0, j));
      }
      REQUIRE(std::abs(k.dot(n, x.data(), y0.data()) - dot) <= 1e-6 * magnitude);
      REQUIRE(k.sum_of_squares(n, x.data()) == Approx(squares).epsilon(1e-12));
      REQUIRE(std::abs(k.sum(n, x.data()) - sum) <= 1e-5 * std::sqrt(static_cast<double>(n)));
      Matrix moved = x.clone();
      REQUIRE(k.add_max(n, y0.data(), moved.data()) == greatest);
      REQUIRE(moved(0, n - 1) == x(0, n - 1) + y0(0, n - 1));
      Matrix y = y0.clone();
      k.axpy(n, 0.5f, x.data(), y.data());
      for (Index j = 0; j < n; ++j) REQUIRE(y(0, j) == Approx(y0(0, j) + 0.5 * x(0, j)).margin(1e-6));
    }
  });
}

TEST_CASE("updates report a weight that is no longer finite, wherever it stands") {
  constexpr float kMax = std::numeric_limits<float>::max(), kInfinity = std::numeric_limits<float>::infinity();
  for_each_kernels([&](const Kernels& k) {
    const AdamStep step{0.0f, 0.0f, 1e-8f, kMax, 1.0f, 1.0f};
    for (const Index n : {1, 15, 16, 17, 100})
      for (Index at = 0; at < n; ++at) {
        Matrix grad(1, n), w(1, n), m(1, n), v(1, n), columns(1, n);
        for (float& x : columns.values()) x = 1;
        const auto adam = [&] { return k.adam(n, step, grad.data(), m.data(), v.data(), w.data()); };
        const auto factored = [&] { return k.factored(n, kMax, 1, 0, columns.data(), grad.data(), w.data()); };
        grad(0, at) = 1;
        w(0, at) = 1;
        REQUIRE(adam());
        REQUIRE(w(0, at) == -kMax);  // the greatest number there is, but a number
        REQUIRE_FALSE(adam());
        REQUIRE(w(0, at) == -kInfinity);
        w(0, at) = 1;
        REQUIRE(factored());
        REQUIRE_FALSE(factored());
        grad(0, at) = std::numeric_limits<float>::quiet_NaN();
        w(0, at) = 1;
        REQUIRE_FALSE(factored());
        w(0, at) = 1;
        REQUIRE_FALSE(adam());
      }
  });
}

TEST_CASE("a step without a gradient is one with zeros, and moments too small to matter become 0") {
  for_each_kernels([](const Kernels& k) {
    const AdamStep step{0.9f, 0.999f, 1e-8f, 0.01f, 1.5f, 0.5f};
    for (const Index n : {1, 15, 16, 17, 100}) {
      Matrix m = random_matrix(1, n, 1), v = random_matrix(1, n, 2), w = random_matrix(1, n, 3);
      for (float& x : v.values()) x = x * x;
      Matrix m0 = m.clone(), v0 = v.clone(), w0 = w.clone();
      const Matrix zeros(1, n);
      REQUIRE(k.adam(n, step, zeros.data(), m0.data(), v0.data(), w0.data()));
      REQUIRE(k.adam_without_gradient(n, step, m.data(), v.data(), w.data()));
      for (Index j = 0; j < n; ++j) {
        REQUIRE(m(0, j) == m0(0, j));
        REQUIRE(v(0, j) == v0(0, j));
        REQUIRE(w(0, j) == w0(0, j));
      }
      m(0, n - 1) = -1e-30f;
      v(0, n - 1) = 1.1755e-38f;
      REQUIRE(k.adam_without_gradient(n, step, m.data(), v.data(), w.data()));
      REQUIRE(m(0, n - 1) == 0);
      REQUIRE(v(0, n - 1) == 0);
      const AdamStep bare{0.9f, 0.999f, 0, 0.01f, 1.5f, 1.0f};
      REQUIRE(k.adam_without_gradient(n, bare, m.data(), v.data(), w.data()));
      m(0, n - 1) = std::numeric_limits<float>::quiet_NaN();
      REQUIRE_FALSE(k.adam_without_gradient(n, step, m.data(), v.data(), w.data()));
    }
  });
}

TEST_CASE("squares by column and factored updates equal plain loops for odd lengths") {
  for_each_kernels([](const Kernels& k) {
    for (const Index n : {1, 15, 16, 17, 1000}) {
      const auto count = static_cast<std::size_t>(n);
      Matrix grad = random_matrix(1, n, 7), columns = random_matrix(1, n, 8);
      for (float& x : columns.values()) x = std::abs(x) + 0.1f;
      grad(0, 0) = 1e25f;  // its square is beyond single precision
      columns(0, n / 2) = 0;
      std::vector<double> sums(count, 0.5);
      double total = 0, quotients = 0;
      const double sum = k.add_squares(n, grad.data(), sums.data());
      const Matrix w0 = random_matrix(1, n, 9);
      Matrix w = w0.clone(), bare = w0.clone();
      k.factored(n, 0.01f, 2.0f, 0.5f, columns.data(), grad.data(), w.data());
      k.factored(n, 0.01f, 2.0f, 0.0f, columns.data(), grad.data(), bare.data());
      for (Index j = 0; j < n; ++j) {
        const double g = static_cast<double>(grad(0, j)), root = 2.0 * static_cast<double>(columns(0, j));
        total += g * g;
        REQUIRE(sums[static_cast<std::size_t>(j)] == Approx(0.5 + g * g).epsilon(1e-12));
        REQUIRE(w(0, j) == Approx(w0(0, j) - 0.01 * g / (root + 0.5)).epsilon(1e-6).margin(1e-6));
        if (root == 0) REQUIRE(bare(0, j) == w0(0, j));
        if (root == 0) continue;
        REQUIRE(bare(0, j) == Approx(w0(0, j) - 0.01 * g / root).epsilon(1e-6).margin(1e-6));
        quotients += (g / root) * (g / root);
      }
      REQUIRE(sum == Approx(total).epsilon(1e-12));
      REQUIRE(k.factored_squares(n, 2.0f, columns.data(), grad.data()) == Approx(quotients).epsilon(1e-6));
      grad(0, n - 1) = std::numeric_limits<float>::quiet_NaN();
      columns(0, n - 1) = 1;
      k.factored(n, 0.01f, 2.0f, 0.5f, columns.data(), grad.data(), w.data());
      REQUIRE(std::isnan(w(0, n - 1)));
    }
  });
}

TEST_CASE("softplus and the normal distribution are accurate over their range, tails included") {
  for_each_kernels([](const Kernels& k) {
    std::vector<float> x, soft, p;
    for (float v = -30; v < 30; v += 0.00731f) x.push_back(v);
    soft.resize(x.size());
    p.resize(x.size());
    const auto n = static_cast<Index>(x.size());
    k.softplus(n, 0.0f, x.data(), soft.data());
    k.normal_cdf(n, x.data(), p.data());
    for (std::size_t i = 0; i < x.size(); ++i) {
      const auto v = static_cast<double>(x[i]);
      const double exact = std::max(v, 0.0) + std::log1p(std::exp(-std::abs(v)));
      const double phi = 0.5 * std::erfc(-v / std::sqrt(2.0));
      CAPTURE(v);
      REQUIRE(std::abs(static_cast<double>(soft[i]) - exact) <= 4e-7 * exact);
      REQUIRE(std::abs(static_cast<double>(p[i]) - phi) <= 2e-7);
      if (v > -12) REQUIRE(std::abs(static_cast<double>(p[i]) - phi) <= 2e-5 * phi);
    }
    const float nan = std::numeric_limits<float>::quiet_NaN();
    float y = 0;
    k.softplus(1, 0.0f, &nan, &y);
    REQUIRE(std::isnan(y));
    k.normal_cdf(1, &nan, &y);
    REQUIRE(std::isnan(y));
  });
}

TEST_CASE("every instruction set draws the normal numbers of the stream, from any column on") {
  const RandomStream stream(9, "gate-noise", 2);
  for_each_kernels([&](const Kernels& k) {
    for (const Index first : {0, 1, 6, 64, 131})
      for (const Index n : {1, 5, 64, 300}) {
        std::vector<float> fast(static_cast<std::size_t>(n)), plain(fast);
        for (Index row = 0; row < 20; ++row) {
          k.normals(first, n, stream.row(4, row), fast.data());
          stream.normals(4, row, first, n, plain.data());
          for (std::size_t i = 0; i < fast.size(); ++i)
            REQUIRE(std::abs(fast[i] - plain[i]) <= 2e-6f * std::max(1.0f, std::abs(plain[i])));
        }
      }
  });
}
