// P(x, i) of equation 8 is a probability: how often expert i is chosen when its noise alone is drawn again.
#include <algorithm>
#include <array>
#include <cmath>

#include "moe/gate.hpp"
#include "support/catch.hpp"
#include "support/moe_case.hpp"
#include "support/random_matrix.hpp"

using namespace moelm;

namespace {

constexpr Index kDraws = 1'000'000;
constexpr Index kRowsAtOnce = 10'000;

/// One row and four experts: two about equally liked, one hardly ever chosen, one nearly always.
struct OneRow {
  GateConfig config{GateKind::noisy_top_k, 4, 2, 0.01};
  GateParameters p{Matrix(4, 1), Matrix(4, 1), {}, {}};
  Matrix x{1, 1}, draws{random_matrix(1, 4, 7)};

  OneRow() {
    x(0, 0) = 1;
    const std::array<float, 4> clean = {0.2f, 0.5f, -2.3f, 4.0f}, raw = {0.1f, 0.3f, 0.2f, 0.4f};
    std::copy(clean.begin(), clean.end(), p.weight.data());
    std::copy(raw.begin(), raw.end(), p.noise.data());
  }

  /// Smooth load of the row: P(x, i) of every expert.
  std::vector<double> probabilities(Context& context) const {
    GateCache cache;
    Routing routing;
    gate_forward(context, config, p, x, {true, given_draws(draws)}, cache, routing);
    return routing.sums.load;
  }

  /// Share of draws of expert i's noise with which it is chosen, all other noise as it was.
  double frequency(Context& context, Index i) const {
    Matrix rows(kRowsAtOnce, 1);
    for (float& value : rows.values()) value = x(0, 0);
    const RandomStream stream(11, "redrawn-noise", i);
    double chosen = 0;
    for (Index step = 0; step < kDraws / kRowsAtOnce; ++step) {
      GateCache cache;
      Routing routing;
      const NoiseSampler redrawn = [&](Index row, Index, Index count, float* out) {
        std::copy_n(draws.data(), count, out);
        out[i] = stream.normal(step, row, 0);
      };
      gate_forward(context, config, p, rows, {true, redrawn}, cache, routing);
      chosen += static_cast<double>(routing.sums.tokens[static_cast<std::size_t>(i)]);
    }
    return chosen / static_cast<double>(kDraws);
  }
};

}  // namespace

TEST_CASE("the smooth load is the frequency of being chosen when one's own noise is drawn again") {
  Context context(2);
  const OneRow row;
  const std::vector<double> probability = row.probabilities(context);
  REQUIRE(*std::min_element(probability.begin(), probability.end()) < 1e-3);
  REQUIRE(*std::max_element(probability.begin(), probability.end()) > 1 - 1e-3);
  for (Index i = 0; i < 4; ++i) {
    const double p = probability[static_cast<std::size_t>(i)];
    const double error = std::sqrt(p * (1 - p) / static_cast<double>(kDraws));
    CAPTURE(i, p);
    // Where P is within a millionth of 0 or 1 the frequency is a small count: at least four draws of tolerance.
    REQUIRE(std::abs(row.frequency(context, i) - p) <= std::max(4 * error, 4 / static_cast<double>(kDraws)));
  }
}
