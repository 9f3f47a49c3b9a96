// Dynamic evaluation: its steps against numerical gradients of an independent model in double precision.
#include "adaptation/dynamic_model.hpp"

#include <map>

#include "adaptation_case.hpp"
#include "support/catch.hpp"
#include "support/close.hpp"
#include "support/error_of.hpp"
#include "support/reference_model.hpp"

using namespace moelm;

namespace {

constexpr double kDifference = 1e-5;
constexpr double kMinMargin = 1e-5;  // of the closest choice of experts or ReLU units
constexpr Index kSegment = 5;

using Values = std::map<std::string, Row>;

Values values_of(ModelParameters& parameters) {
  Values values;
  for (const NamedTensor& t : named_tensors(parameters))
    values[t.name] = {t.values->values().begin(), t.values->values().end()};
  return values;
}

/// The model's configuration without balancing losses.
ModelConfig of_nll(ModelConfig config) {
  for (LayerConfig& layer : config.layers)
    if (auto* moe = std::get_if<MoeConfig>(&layer)) moe->w_importance = moe->w_load = moe->w_switch = moe->w_z = 0;
  return config;
}

/// Numerical gradients of the mean nll of a batch.
Values numerical_gradients(const ModelConfig& config, ModelParameters& parameters, const Batch& batch,
                           const ModelState& state) {
  ReferenceModel model(config, parameters);
  ReferenceDecisions decisions;
  Row nll;
  const ReferencePass pass{batch, state, {}, {}};
  model.loss(pass, decisions, nll);
  REQUIRE(decisions.margin() > kMinMargin);
  Values gradients;
  for (auto& [name, tensor] : model.weights)
    for (double& weight : tensor.values) {
      const double middle = weight;
      weight = middle + kDifference;
      const double up = model.loss(pass, decisions, nll);
      weight = middle - kDifference;
      const double down = model.loss(pass, decisions, nll);
      weight = middle;
      gradients[name].push_back((up - down) / (2 * kDifference));
    }
  return gradients;
}

bool all_zero(const Row& row, std::size_t first, std::size_t count) {
  for (std::size_t i = first; i < first + count; ++i)
    if (row[i] != 0) return false;
  return true;
}

/// Whether a weight has no gradient because its expert or its row of the embedding had no token.
class Untouched {
 public:
  Untouched(const ModelConfig& config, const Values& gradients, const Batch& batch, Index width)
      : rows_(!config.tied), gradients_(gradients), batch_(batch), width_(width) {}

  bool operator()(const std::string& name, std::size_t i) const {
    if (name == "layers.0.weight" && rows_) {
      const auto row = static_cast<std::int32_t>(i / static_cast<std::size_t>(width_));
      return std::find(batch_.inputs.begin(), batch_.inputs.end(), row) == batch_.inputs.end();
    }
    const std::size_t experts = name.find(".experts.");
    if (experts == std::string::npos) return false;
    const std::string expert = name.substr(0, name.rfind('.') + 1);
    for (const auto& [other, row] : gradients_)
      if (other.starts_with(expert) && !all_zero(row, 0, row.size())) return false;
    return true;
  }

 private:
  bool rows_;
  const Values& gradients_;
  const Batch& batch_;
  Index width_;
};

/// Checks two steps: the second begins with weights and a state that the first left behind.
void require_steps(const ModelConfig& config, std::uint64_t seed) {
  AdaptationCase c(config, 2 * kSegment, seed);
  const DynamicSettings settings{kSegment, 0.05, 0.4};
  DynamicModel dynamic(c.context, c.trained(), settings);
  const Values trained = values_of(c.model.parameters);
  const ModelConfig plain = of_nll(config);
  std::map<std::string, const Matrix*> rms;
  const auto adapted = adapted_tensors(c.model.parameters);
  for (std::size_t i = 0; i < adapted.size(); ++i) rms[adapted[i].tensor.name] = &c.gradients.rms[i];
  ModelState state, next;
  state.reset(c.model.parameters, 1);
  next.reset(c.model.parameters, 1);
  std::vector<double> nll(kSegment);
  Matrix h;
  for (Index step = 0; step < 2; ++step) {
    const Batch batch = c.rows(step * kSegment, kSegment);
    Values expected = values_of(dynamic.parameters());
    const Values gradients = numerical_gradients(plain, dynamic.parameters(), batch, state);
    ModelCache cache;
    std::vector<double> scores(kSegment);
    model_score(c.context, plain, dynamic.parameters(), batch, next, cache, scores);
    dynamic.score(batch, nll, h);
    CHECK(mismatch("nll", nll, scores, 1e-6) == "");
    const Untouched untouched(config, gradients, batch, std::get<EmbeddingConfig>(config.layers[0]).width);
    for (auto& [name, weights] : expected)
      for (std::size_t i = 0; i < weights.size() && rms.contains(name); ++i) {
        if (untouched(name, i)) continue;
        const double r = static_cast<double>(rms.at(name)->values()[i]);
        weights[i] += std::min(1.0, settings.decay * r / c.gradients.mean) * (trained.at(name)[i] - weights[i]) -
                      settings.lr * gradients.at(name)[i] / (r + kRmsFloor * c.gradients.mean);
      }
    for (const NamedTensor& t : named_tensors(dynamic.parameters()))
      CHECK(mismatch(t.name, t.values->values(), expected.at(t.name), 2e-5) == "");
    CHECK(values_of(dynamic.parameters()) != trained);
    state.copy_from(next);
  }
  CHECK(values_of(c.model.parameters) == trained);
}

ModelConfig usual(double dropout = 0.0) {
  return model_config(6, {LstmConfig{6, 0}, moe_config(5, 2, {7}), LstmConfig{6, 0}}, dropout);
}

/// Scores all rows in batches of the given sizes.
std::vector<double> scores(AdaptationCase& c, const DynamicSettings& settings, const std::vector<Index>& sizes) {
  DynamicModel dynamic(c.context, c.trained(), settings);
  std::vector<double> nll(static_cast<std::size_t>(c.model.batch.rows()));
  Matrix h;
  Index first = 0;
  for (const Index size : sizes) {
    dynamic.score(c.rows(first, size),
                  std::span(nll).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(size)), h);
    first += size;
  }
  REQUIRE(first == c.model.batch.rows());
  return nll;
}

}  // namespace

TEST_CASE("dynamic evaluation: steps of numerical gradients, without dropout, noise and balancing losses") {
  require_steps(usual(0.5), 21);
}

TEST_CASE("dynamic evaluation: steps of a model with shared experts and hidden layers computed again") {
  ModelConfig config = usual();
  auto& moe = std::get<MoeConfig>(config.layers[2]);
  moe.shared = 1;
  moe.recompute = true;
  moe.output = MoeOutput::none;
  require_steps(config, 22);
}

TEST_CASE("dynamic evaluation: steps of one table for embedding and softmax, whose training samples") {
  ModelConfig config = usual();
  config.tied = true;
  std::get<SoftmaxConfig>(config.layers.back()).samples = 4;
  require_steps(config, 23);
}

TEST_CASE("dynamic evaluation: steps of two levels of gates") {
  ModelConfig config = usual();
  auto& moe = std::get<MoeConfig>(config.layers[2]);
  moe.experts = 6;
  moe.groups = 3;
  moe.k_groups = 2;
  moe.k = 1;
  require_steps(config, 24);
}

TEST_CASE("dynamic evaluation: a gate's biases choose experts and are not adapted") {
  ModelConfig config = usual();
  auto& moe = std::get<MoeConfig>(config.layers[2]);
  moe.gate = GateKind::top_k;
  moe.bias_rate = 0.1;
  AdaptationCase c(config);
  DynamicModel dynamic(c.context, c.trained(), {5, 0.1, 0.0});
  std::vector<double> nll(60);
  Matrix h;
  dynamic.score(c.model.batch, nll, h);
  const Values before = values_of(c.model.parameters), after = values_of(dynamic.parameters());
  CHECK(after.at("layers.2.gate.bias") == before.at("layers.2.gate.bias"));
  CHECK(after.at("layers.2.gate.weight") != before.at("layers.2.gate.weight"));
}

TEST_CASE("dynamic evaluation: a balanced gate keeps its thresholds") {
  ModelConfig config = usual();
  std::get<MoeConfig>(config.layers[2]).gate = GateKind::balanced;
  AdaptationCase c(config);
  DynamicModel dynamic(c.context, c.trained(), {5, 0.1, 0.0});
  std::vector<double> nll(60);
  Matrix h;
  dynamic.score(c.model.batch, nll, h);
  const Values before = values_of(c.model.parameters), after = values_of(dynamic.parameters());
  CHECK(after.at("layers.2.gate.thresholds") == before.at("layers.2.gate.thresholds"));
  CHECK(after.at("layers.3.weight_ih") != before.at("layers.3.weight_ih"));
}

TEST_CASE("dynamic evaluation: batches do not move the borders of segments") {
  AdaptationCase c(usual());
  const DynamicSettings settings{7, 0.05, 0.1};
  const std::vector<double> expected = scores(c, settings, {60});
  CHECK(scores(c, settings, {1, 20, 3, 4, 32}) == expected);
  CHECK(scores(c, settings, std::vector<Index>(60, 1)) == expected);
}

TEST_CASE("dynamic evaluation: each row is scored before the weights see it, and threads change no bit") {
  AdaptationCase c(usual()), one(usual(), 60, 11, 1);
  const DynamicSettings settings{5, 0.1, 0.1};
  const std::vector<double> before = scores(c, settings, {60});
  CHECK(scores(one, settings, {60}) == before);
  for (Index row = 30; row < 60; ++row) {
    auto& target = c.model.batch.targets[static_cast<std::size_t>(row)];
    target = (target + 1) % 11;
  }
  const std::vector<double> after = scores(c, settings, {60});
  CHECK(std::equal(before.begin(), before.begin() + 30, after.begin()));
  CHECK(before[35] != after[35]);
}

TEST_CASE("dynamic evaluation: with the rate 0 the scores are the trained model's to the bit") {
  AdaptationCase c(usual());
  ModelState state;
  state.reset(c.model.parameters, 1);
  ModelCache cache;
  std::vector<double> expected(60);
  model_score(c.context, c.model.config, c.model.parameters, c.model.batch, state, cache, expected);
  CHECK(scores(c, {7, 0, 0.1}, {60}) == expected);
  CHECK(scores(c, {7, 0.01, 0.1}, {60}) != expected);
}

TEST_CASE("dynamic evaluation refuses experts in bfloat16") {
  ModelConfig config = usual();
  CHECK_NOTHROW(require_adaptable(config));
  std::get<MoeConfig>(config.layers[2]).weights = DataType::bf16;
  CHECK(error_exit([&] { require_adaptable(config); }) == Exit::bad_config);
  CHECK(holds(error_text([&] { require_adaptable(config); }), "model.layers.2.weights: expected f32, found bf16"));
}
