// Gates in training: noisy top-k, flat with 4 chosen and of two levels with 2 x 2 chosen. Their products read f32
// whatever the others read.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "bench/cases.hpp"
#include "bench/plain.hpp"
#include "bench/plain_gates.hpp"

namespace moelm {

namespace {

const char* const kPart = "gates";

struct Shape {
  Index rows, width, experts, groups;  ///< groups 0: flat

  MoeConfig config() const {
    MoeConfig config;
    config.experts = experts;
    config.groups = groups;
    config.k = groups > 0 ? 2 : 4;
    config.k_groups = 2;
    return config;
  }
  /// Multiply-adds of a row: clean and noisy logits of all gates that see it.
  double ops() const {
    const Index logits = groups > 0 ? groups + 2 * (experts / groups) : experts;
    return static_cast<double>(2 * width * logits);
  }
};

GateParameters random_gate(Context& context, Index outcomes, Index width, std::uint64_t seed) {
  const float scale = 1 / std::sqrt(static_cast<float>(width));
  GateParameters p;
  p.weight = random_numbers(context, outcomes, width, seed, scale);
  p.noise = random_numbers(context, outcomes, width, seed + 1, scale);
  return p;
}

GateParameters zero_gate(const GateParameters& like) {
  GateParameters p;
  p.weight = Matrix(like.weight.rows(), like.weight.cols());
  p.noise = Matrix(like.noise.rows(), like.noise.cols());
  return p;
}

/// The gates of a layer, what they read, and the gradient of their outcome.
class GateBench {
 public:
  GateBench(Context& context, const Shape& shape)
      : context_(context),
        config_(shape.config()),
        x_(random_numbers(context, shape.rows, shape.width, 1)),
        dx_(shape.rows, shape.width),
        positions_(shape.rows) {
    std::iota(positions_.begin(), positions_.end(), Index{0});
    sample_noise_ = gate_noise(RandomStream(1, "bench-noise", 0), 1, positions_);
    p_.primary = random_gate(context, config_.primary_gate().experts, shape.width, 2);
    gradients_.primary = zero_gate(p_.primary);
    for (Index g = 0; g < config_.groups; ++g) {
      p_.groups.push_back(
          random_gate(context, config_.group_size(), shape.width, static_cast<std::uint64_t>(4 + 2 * g)));
      gradients_.groups.push_back(zero_gate(p_.groups.back()));
    }
  }

  void forward() {
    const GatePass pass{true, sample_noise_};
    if (config_.hierarchical())
      hierarchical_gate_forward(context_, config_, p_.primary, p_.groups, x_, pass, hierarchy_, routing_);
    else
      gate_forward(context_, config_.primary_gate(), p_.primary, x_, pass, cache_, routing_);
  }

  void backward() {
    dx_.zero();
    if (config_.hierarchical())
      hierarchical_gate_backward(context_, config_, p_.primary, p_.groups, x_, routing_, gradient_, routing_.sums,
                                 hierarchy_, gradients_.primary, gradients_.groups, dx_);
    else
      gate_backward(context_, config_.primary_gate(), p_.primary, x_, routing_, gradient_, cache_, gradients_.primary,
                    dx_);
  }

  /// Choice, gates and gradient of the last row.
  void check(const BenchSetting& setting, const std::string& name) {
    forward();
    set_gradient();
    backward();
    const Index row = x_.rows() - 1;
    const PlainGates plain(config_, p_, sample_noise_);
    const Doubles x = row_of(x_, row);
    // In the order of their numbers, so that those of a group stand side by side.
    std::vector<std::pair<Index, std::size_t>> pairs;
    for (std::size_t p = routing_.first_pair(row); p < routing_.first_pair(row + 1); ++p)
      pairs.emplace_back(routing_.expert[p], p);
    std::sort(pairs.begin(), pairs.end());
    std::vector<Index> experts;
    Doubles gates, of_gates;
    for (const auto& [expert, pair] : pairs) {
      experts.push_back(expert);
      gates.push_back(static_cast<double>(routing_.gate[pair]));
      of_gates.push_back(static_cast<double>(gradient_.gate[pair]));
    }
    expect_close(setting, name + ": choice", {plain.are_top_k(row, x, experts) ? 1.0 : 0.0}, {1.0}, 0);
    expect_close(setting, name + ": gates", gates, plain.gates(row, x, experts), layer_tolerance(context_));
    expect_close(setting, name + ": gradient", first_of(row_of(dx_, row)), slopes(plain, row, x, experts, of_gates),
                 1e-3);
  }

 private:
  static constexpr std::size_t kSlopes = 8;

  static Doubles first_of(Doubles row) {
    row.resize(std::min(row.size(), kSlopes));
    return row;
  }

  /// Sets random gradients for the gates and zero ones for the balancing losses. The values do not affect the time.
  void set_gradient() {
    const auto experts = static_cast<std::size_t>(config_.experts);
    gradient_.importance.assign(experts, 0.0);
    gradient_.load.assign(experts, 0.0);
    const Matrix random = random_numbers(context_, 1, routing_.pairs(), 3);
    gradient_.gate.assign(random.values().begin(), random.values().end());
  }

  /// Slopes of the sum of the gates times their gradients, by differences.
  static Doubles slopes(const PlainGates& plain, Index row, const Doubles& x, const std::vector<Index>& experts,
                        const Doubles& of_gates) {
    constexpr double kStep = 1e-4;
    const auto value = [&](std::size_t d, double step) {
      Doubles moved = x;
      moved[d] += step;
      const Doubles gates = plain.gates(row, moved, experts);
      return std::inner_product(gates.begin(), gates.end(), of_gates.begin(), 0.0);
    };
    Doubles slopes;
    for (std::size_t d = 0; d < std::min(x.size(), kSlopes); ++d)
      slopes.push_back((value(d, kStep) - value(d, -kStep)) / (2 * kStep));
    return slopes;
  }

  Context& context_;
  MoeConfig config_;
  GatesParameters p_, gradients_;
  GateCache cache_;
  HierarchyCache hierarchy_;
  Routing routing_;
  RoutingGradient gradient_;
  Matrix x_, dx_;
  std::vector<Index> positions_;
  NoiseSampler sample_noise_;
};

BenchResult run_gate(Context& context, const BenchSetting& setting, const std::string& name, const Shape& shape,
                     bool backward) {
  GateBench bench(context, shape);
  bench.check(setting, name);
  BenchResult result = begin_result(kPart, name, context);
  result.tokens = static_cast<double>(shape.rows);
  result.flops = (backward ? 4.0 : 2.0) * shape.ops() * result.tokens;
  if (backward)
    result.seconds = setting.median_seconds([&] { bench.forward(); }, [&] { bench.backward(); });
  else
    result.seconds = setting.median_seconds([&] { bench.forward(); });
  return result;
}

}  // namespace

std::vector<BenchCase> gate_cases(const BenchSetting& setting) {
  std::vector<BenchCase> cases;
  const auto add = [&](const std::string& text, const Shape& shape, bool standard) {
    for (const bool backward : {false, true}) {
      const std::string name = (backward ? "gate-backward-" : "gate-forward-") + text;
      cases.push_back({kPart, name, [=](Context& c) { return run_gate(c, setting, name, shape, backward); },
                       standard ? BenchChoice::standard : BenchChoice::extra, true});
    }
  };
  const Index rows = setting.size(1280), width = setting.size(512);
  for (const Index experts : {32, 256, 1024, 4096})
    add(std::to_string(experts), {rows, width, setting.size(experts), 0}, experts <= 256);
  for (const Index in_group : {16, 256})
    add("16x" + std::to_string(in_group), {rows, width, setting.size(16) * setting.size(in_group), setting.size(16)},
        in_group == 16);
  return cases;
}

}  // namespace moelm
