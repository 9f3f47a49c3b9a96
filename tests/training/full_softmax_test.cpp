// The full softmax for the last part of a sampled training: rows that were not sampled for some steps catch up, the
// whole is the training of a softmax that never samples where the share is 1, and it is the last share of the steps.
#include <cmath>
#include <map>

#include "support/catch.hpp"
#include "support/close.hpp"
#include "support/tiny_data.hpp"
#include "training/learner.hpp"
#include "training/softmax_switch.hpp"

using namespace moelm;

namespace {

constexpr Index kVocabulary = 40, kStreams = 2;
constexpr double kRate = 0.01;

ModelConfig model_of(Index samples, bool tied) {
  ModelConfig config = tiny_model();
  config.dropout = 0.2;
  config.tied = tied;
  std::get<SoftmaxConfig>(config.layers.back()).samples = samples;
  return config;
}

OptimizerConfig tables_of(OptimizerKind kind) {
  OptimizerConfig config;
  config.tables.kind = kind;
  if (kind != OptimizerKind::adam) config.tables.beta1 = 0;
  return config;
}

Batch batch_of(Index step) {
  return random_batch(Sequence(kStreams, 3), kVocabulary, static_cast<std::uint64_t>(step));
}

struct Lesson {
  Context context{2};
  OptimizerConfig optimizer;
  Learner learner;
  ModelState state;

  explicit Lesson(const ModelConfig& model, OptimizerKind kind = OptimizerKind::adam)
      : optimizer(tables_of(kind)), learner(context, model, optimizer, kVocabulary, 1) {
    state.reset(learner.parameters(), kStreams);
  }

  StepResult step(Index number, bool full, Index micro_batch_tokens = 0) {
    const StepResult result =
        learner.step(context, batch_of(number), {number, kStreams, kRate, 0.0, micro_batch_tokens, full}, state);
    REQUIRE(result.fault.empty());
    return result;
  }
};

using Values = std::map<std::string, std::vector<double>>;

void copy_to(Values& values, const std::vector<NamedTensor>& tensors) {
  for (const NamedTensor& t : tensors) values[t.name] = {t.values->values().begin(), t.values->values().end()};
}

/// Weights and moments.
Values numbers_of(Learner& learner) {
  Values values;
  copy_to(values, named_tensors(learner.parameters()));
  copy_to(values, learner.optimizer_tensors().moments);
  return values;
}

std::vector<std::int64_t> last_steps(Learner& learner, const std::string& name) {
  for (const auto& [found, steps] : learner.optimizer_tensors().last_steps)
    if (found == name + ".last_step") return *steps;
  return {};
}

/// The gradients that a step of the same model with a softmax that never samples would have.
ModelGradients full_gradients(Lesson& lesson, Index step) {
  const ModelConfig config = model_of(0, false);
  ModelParameters p = make_parameters(config, kVocabulary);
  const std::vector<NamedTensor> to = named_tensors(p), from = named_tensors(lesson.learner.parameters());
  for (std::size_t i = 0; i < to.size(); ++i) *to[i].values = from[i].values->clone();
  ModelGradients gradients = make_gradients(p);
  ModelState state = lesson.state.clone();
  ModelCache cache;
  const Batch batch = batch_of(step);
  std::vector<double> nll(static_cast<std::size_t>(batch.rows()));
  model_gradients(lesson.context, config, p, batch, {true, 1, step, kStreams}, state, cache, gradients, nll);
  return gradients;
}

/// Adam in double precision for row `row` of a table, which was last updated in step `last`.
void adam_row(std::size_t row, std::size_t columns, Index step, Index last, std::span<const float> gradient,
              const Values& before, const std::string& name, Values& expected) {
  const GroupConfig group;
  // As the kernels read them.
  const double beta1 = static_cast<double>(static_cast<float>(group.beta1)),
               beta2 = static_cast<double>(static_cast<float>(group.beta2));
  const double t = static_cast<double>(step), passed = last == 0 ? 1 : static_cast<double>(step - last);
  for (std::size_t j = row * columns; j < (row + 1) * columns; ++j) {
    const double g = static_cast<double>(gradient[j]);
    double& m = expected[name + ".m"][j];
    double& v = expected[name + ".v"][j];
    m = std::pow(beta1, passed) * before.at(name + ".m")[j] + (1 - beta1) * g;
    v = std::pow(beta2, passed) * before.at(name + ".v")[j] + (1 - beta2) * g * g;
    expected[name][j] -=
        kRate * m / (1 - std::pow(beta1, t)) / (std::sqrt(v / (1 - std::pow(beta2, t))) + group.epsilon);
  }
}

}  // namespace

TEST_CASE("at the switch to the full softmax every row's moments catch up with the steps that it missed") {
  Lesson lesson(model_of(4, false));
  for (Index step = 1; step <= 5; ++step) lesson.step(step, false);
  const Values before = numbers_of(lesson.learner);
  const std::vector<std::int64_t> last = last_steps(lesson.learner, "layers.4.weight");
  REQUIRE(std::count(last.begin(), last.end(), 0) > 3);
  REQUIRE(std::count_if(last.begin(), last.end(), [](std::int64_t s) { return s > 0 && s < 5; }) > 3);

  const ModelGradients gradients = full_gradients(lesson, 6);
  const auto& softmax = std::get<SoftmaxParameters>(gradients.layers.back());
  Values expected = before;
  for (std::size_t row = 0; row < kVocabulary; ++row) {
    adam_row(row, 8, 6, last[row], softmax.weight.values(), before, "layers.4.weight", expected);
    adam_row(row, 1, 6, last[row], softmax.bias.values(), before, "layers.4.bias", expected);
  }
  lesson.step(6, true);
  const Values after = numbers_of(lesson.learner);
  for (const std::string name : {"layers.4.weight", "layers.4.bias"})
    for (const char* part : {"", ".m", ".v"})
      REQUIRE(mismatch(name + part, after.at(name + part), expected.at(name + part), 2e-6) == "");
  REQUIRE(last_steps(lesson.learner, "layers.4.weight") == std::vector<std::int64_t>(kVocabulary, 6));
  REQUIRE(last_steps(lesson.learner, "layers.4.bias") == std::vector<std::int64_t>(kVocabulary, 6));

  lesson.step(7, false);
  const std::vector<std::int64_t> sampled = last_steps(lesson.learner, "layers.4.weight");
  REQUIRE(std::count(sampled.begin(), sampled.end(), 6) > 20);
  REQUIRE(std::count(sampled.begin(), sampled.end(), 7) > 3);
}

TEST_CASE("full in every step, a softmax that could sample trains as one that never does") {
  for (const bool tied : {false, true})
    for (const OptimizerKind kind : {OptimizerKind::adam, OptimizerKind::factored, OptimizerKind::adafactor}) {
      CAPTURE(tied, enum_name(kind));
      Lesson full(model_of(0, tied), kind), switched(model_of(4, tied), kind);
      for (Index step = 1; step <= 6; ++step) {
        const StepResult a = full.step(step, false), b = switched.step(step, true);
        REQUIRE(a.losses.cross_entropy == Approx(b.losses.cross_entropy).epsilon(1e-6));
        REQUIRE(a.grad_norm == Approx(b.grad_norm).epsilon(1e-5));
      }
      const Values expected = numbers_of(full.learner), actual = numbers_of(switched.learner);
      REQUIRE(actual.size() == expected.size());
      for (const auto& [name, values] : expected) REQUIRE(mismatch(name, actual.at(name), values, 1e-5) == "");
    }
}

TEST_CASE("a step with the full softmax in parts is the step in one") {
  for (const bool tied : {false, true}) {
    Lesson whole(model_of(4, tied)), parts(model_of(4, tied));
    whole.step(1, false);
    parts.step(1, false);
    const StepResult a = whole.step(2, true), b = parts.step(2, true, 3);
    REQUIRE(b.losses.cross_entropy == Approx(a.losses.cross_entropy).epsilon(1e-5));
    REQUIRE(b.grad_norm == Approx(a.grad_norm).epsilon(1e-4));
  }
}

TEST_CASE("the full softmax has the last share of the planned steps") {
  REQUIRE(first_full_softmax_step(0, 200) == 201);
  REQUIRE(first_full_softmax_step(0.25, 200) == 151);
  REQUIRE(first_full_softmax_step(1, 200) == 1);
  REQUIRE(first_full_softmax_step(0.1, 7) == 7);
  REQUIRE(first_full_softmax_step(0.1, 4) == 5);

  // The second course was added when the first was at its end; both keep their own share.
  const Schedule schedule{{{.first_step = 1, .steps = 200}, {.first_step = 201, .steps = 200}}};
  for (const auto& [step, full] : {std::pair<Index, bool>(150, false),
                                   {151, true},
                                   {200, true},
                                   {201, false},
                                   {300, false},
                                   {301, true},
                                   {400, true}})
    REQUIRE(has_full_softmax(0.25, schedule, step) == full);
  REQUIRE_FALSE(has_full_softmax(0, schedule, 400));
}
