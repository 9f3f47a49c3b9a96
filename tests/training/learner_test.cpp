// A step as a whole: which moments there are, what is clipped, and that nothing changes when a gradient is not finite.
#include "training/learner.hpp"

#include <cmath>
#include <limits>
#include <map>
#include <string>

#include "support/catch.hpp"
#include "support/tiny_data.hpp"
#include "training/memory.hpp"
#include "training/step_check.hpp"

using namespace moelm;

namespace {

constexpr Index kVocabulary = 30, kStreams = 4;

OptimizerConfig kinds(OptimizerKind dense, OptimizerKind tables, OptimizerKind experts) {
  OptimizerConfig config;
  config.dense.kind = dense;
  config.tables.kind = tables;
  config.experts.kind = experts;
  return config;
}

/// A learner of the tiny model and what it learns from.
struct Lesson {
  ModelConfig model;
  Context context{2};
  Learner learner;
  ModelState state;

  explicit Lesson(const OptimizerConfig& optimizer, Index samples = 0)
      : model(with_samples(samples)), learner(context, model, optimizer, kVocabulary, 1) {
    state.reset(learner.parameters(), kStreams);
  }

  StepResult step(Index number) {
    const Batch batch = random_batch(Sequence(kStreams, 5), kVocabulary, static_cast<std::uint64_t>(number));
    return learner.step(context, batch, {number, kStreams, 0.01, 1.0}, state);
  }

  static ModelConfig with_samples(Index samples) {
    ModelConfig config = tiny_model();
    std::get<SoftmaxConfig>(config.layers.back()).samples = samples;
    return config;
  }
};

using Values = std::map<std::string, std::vector<double>>;

void copy_to(Values& values, const std::vector<NamedTensor>& tensors) {
  for (const NamedTensor& t : tensors) values[t.name] = {t.values->values().begin(), t.values->values().end()};
}

Values weights_of(Learner& learner) {
  Values values;
  copy_to(values, named_tensors(learner.parameters()));
  return values;
}

/// Weights, moments, and steps of last updates.
Values everything_of(Learner& learner) {
  Values values = weights_of(learner);
  const OptimizerTensors tensors = learner.optimizer_tensors();
  copy_to(values, tensors.moments);
  for (const auto& [name, steps] : tensors.last_steps) values[name] = {steps->begin(), steps->end()};
  for (const auto& [name, doubles] : tensors.doubles) values[name].assign(doubles.begin(), doubles.end());
  return values;
}

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum);
}

}  // namespace

TEST_CASE("a tensor has the moments that its kind needs, and no others") {
  Lesson lesson(kinds(OptimizerKind::adam, OptimizerKind::adafactor, OptimizerKind::factored));
  std::map<std::string, std::vector<Index>> shapes;
  for (const NamedTensor& t : lesson.learner.optimizer_tensors().moments) shapes[t.name] = t.shape();
  REQUIRE(shapes.at("layers.1.weight_ih.m") == std::vector<Index>{32, 8});
  REQUIRE(shapes.at("layers.1.bias.v") == std::vector<Index>{32});
  REQUIRE(shapes.count("layers.1.weight_ih.rows") == 0);
  REQUIRE(shapes.at("layers.2.experts.3.weight_0.rows") == std::vector<Index>{6});
  REQUIRE(shapes.at("layers.2.experts.3.weight_0.columns") == std::vector<Index>{8});
  REQUIRE(shapes.count("layers.2.experts.3.weight_0.m") + shapes.count("layers.2.experts.3.weight_0.v") == 0);
  REQUIRE(shapes.at("layers.0.weight.rows") == std::vector<Index>{kVocabulary});
  REQUIRE(shapes.at("layers.4.bias.v") == std::vector<Index>{kVocabulary});
  REQUIRE(shapes.count("layers.4.bias.m") + shapes.count("layers.4.bias.rows") == 0);
}

TEST_CASE("the memory that is announced for moments is what they take") {
  for (const OptimizerKind kind : {OptimizerKind::adam, OptimizerKind::factored, OptimizerKind::adafactor})
    for (const Index samples : {0, 7}) {
      CAPTURE(enum_name(kind), samples);
      OptimizerConfig optimizer = kinds(OptimizerKind::adam, kind, kind);
      if (kind == OptimizerKind::adam) optimizer.tables.weight_decay = optimizer.experts.weight_decay = 0.1;
      Lesson lesson(optimizer, samples);
      const OptimizerTensors tensors = lesson.learner.optimizer_tensors();
      Index bytes = 0;
      for (const NamedTensor& t : tensors.moments) bytes += 4 * t.values->size();
      for (const auto& [name, steps] : tensors.last_steps) bytes += 8 * static_cast<Index>(steps->size());
      for (const auto& [name, doubles] : tensors.doubles) bytes += 8 * static_cast<Index>(doubles.size());
      REQUIRE(training_memory(lesson.model, kVocabulary, {20}, 2, optimizer).moments == bytes);
    }
}

TEST_CASE("the moments of an adaptive softmax are announced, and it learns a batch by heart") {
  ModelConfig model = tiny_model();
  auto& softmax = std::get<SoftmaxConfig>(model.layers.back());
  softmax.cutoffs = {6, 17};
  model.tied = GENERATE(false, true);
  softmax.divisor = model.tied ? 1 : 1.2;
  Context context(2);
  for (const OptimizerKind kind : {OptimizerKind::adam, OptimizerKind::factored, OptimizerKind::adafactor}) {
    CAPTURE(enum_name(kind));
    const OptimizerConfig optimizer = kinds(kind, kind, kind);
    Learner learner(context, model, optimizer, kVocabulary, 1);
    Index bytes = 0;
    const OptimizerTensors tensors = learner.optimizer_tensors();
    for (const NamedTensor& t : tensors.moments) bytes += 4 * t.values->size();
    for (const auto& [name, steps] : tensors.last_steps) bytes += 8 * static_cast<Index>(steps->size());
    REQUIRE(training_memory(model, kVocabulary, {20}, 2, optimizer).moments == bytes);
    const Batch batch = random_batch(Sequence(kStreams, 5), kVocabulary, 1);
    ModelState state;
    double loss = 0;
    for (Index t = 1; t <= 300; ++t) {
      state.reset(learner.parameters(), kStreams);
      loss = learner.step(context, batch, {t, kStreams, 0.01, 1.0}, state).losses.cross_entropy;
    }
    REQUIRE(loss < 0.5);
  }
}

TEST_CASE("every kind learns a batch by heart") {
  for (const OptimizerKind kind : {OptimizerKind::adam, OptimizerKind::factored, OptimizerKind::adafactor})
    for (const Index samples : {0, 12}) {
      CAPTURE(enum_name(kind), samples);
      Lesson lesson(kinds(kind, kind, kind), samples);
      const Batch batch = random_batch(Sequence(kStreams, 5), kVocabulary, 1);
      double loss = 0;
      for (Index t = 1; t <= 300; ++t) {
        lesson.state.reset(lesson.learner.parameters(), kStreams);
        const StepResult result = lesson.learner.step(lesson.context, batch, {t, kStreams, 0.01, 1.0}, lesson.state);
        REQUIRE(result.fault.empty());
        loss = result.losses.cross_entropy;
      }
      REQUIRE(loss < 0.5);
    }
}

TEST_CASE("a model whose experts are kept in bfloat16 learns a batch by heart") {
  Context context(2, DataType::bf16);
  ModelConfig model = tiny_model();
  std::get<MoeConfig>(model.layers[2]).weights = DataType::bf16;
  for (const OptimizerKind kind : {OptimizerKind::adam, OptimizerKind::factored}) {
    CAPTURE(enum_name(kind));
    Learner learner(context, model, kinds(OptimizerKind::adam, OptimizerKind::adam, kind), kVocabulary, 1);
    const Batch batch = random_batch(Sequence(kStreams, 5), kVocabulary, 1);
    ModelState state;
    double loss = 0;
    for (Index t = 1; t <= 300; ++t) {
      state.reset(learner.parameters(), kStreams);
      loss = learner.step(context, batch, {t, kStreams, 0.01, 1.0}, state).losses.cross_entropy;
    }
    REQUIRE(loss < 0.6);
    REQUIRE(first_bad_number(context, named_tensors(learner.parameters())).empty());
    auto& rounded = std::get<MoeParameters>(learner.parameters().layers[2]).experts[1].bf16_weight;
    REQUIRE(rounded.size() == 2);
    rounded[1].data()[3] = 0x7fc0;
    REQUIRE(first_bad_number(context, named_tensors(learner.parameters())) == "layers.2.experts.1.weight_1, element 3");
  }
}

TEST_CASE("ten steps are the same with one thread and with three, in both types") {
  for (const DataType type : {DataType::f32, DataType::bf16}) {
    CAPTURE(data_type_name(type));
    std::vector<Values> outcomes;
    for (const int threads : {1, 3}) {
      Context context(threads, type);
      Learner learner(context, tiny_model(), kinds(OptimizerKind::adam, OptimizerKind::adam, OptimizerKind::factored),
                      kVocabulary, 1);
      ModelState state;
      state.reset(learner.parameters(), kStreams);
      for (Index t = 1; t <= 10; ++t) {
        const Batch batch = random_batch(Sequence(kStreams, 5), kVocabulary, static_cast<std::uint64_t>(t));
        learner.step(context, batch, {t, kStreams, 0.01, 1.0}, state);
      }
      outcomes.push_back(everything_of(learner));
    }
    REQUIRE(outcomes[0] == outcomes[1]);
  }
}

TEST_CASE("the clip of experts bounds the gradient of each matrix and of nothing else") {
  // With a great epsilon a first step is proportional to its gradient: lr g / epsilon.
  OptimizerConfig config = kinds(OptimizerKind::adam, OptimizerKind::adam, OptimizerKind::factored);
  config.experts.epsilon = 1e3;
  config.experts.lr_scale = 1e6;
  Lesson free(config);
  const Values start = weights_of(free.learner);
  const double norm = free.step(1).grad_norm;
  const Values moved = weights_of(free.learner);
  std::vector<double> norms;
  for (const auto& [name, values] : moved)
    if (name.find(".experts.") != std::string::npos) norms.push_back(distance(values, start.at(name)) * 1e3 / 1e4);
  REQUIRE(norms.size() == 8);
  std::sort(norms.begin(), norms.end());
  REQUIRE(norms.back() > 0);

  config.experts.clip = (norms[6] + norms[7]) / 2;  // between the two greatest
  Lesson bound(config);
  REQUIRE(bound.step(1).grad_norm == norm);
  int clipped = 0;
  for (const auto& [name, values] : weights_of(bound.learner)) {
    INFO(name);
    if (values == moved.at(name)) continue;
    ++clipped;
    REQUIRE(name.find(".experts.") != std::string::npos);
    REQUIRE(distance(values, start.at(name)) * 1e3 / 1e4 == Approx(config.experts.clip).epsilon(1e-3));
  }
  REQUIRE(clipped == 1);
}

TEST_CASE("a gradient that is not finite changes neither weights nor moments nor last steps") {
  for (const OptimizerKind kind : {OptimizerKind::adam, OptimizerKind::factored, OptimizerKind::adafactor}) {
    CAPTURE(enum_name(kind));
    Lesson lesson(kinds(kind, kind, kind), 9);
    for (Index t = 1; t <= 3; ++t) REQUIRE(lesson.step(t).fault.empty());
    // Experts' hidden units overflow, their sigmoid is 1: the loss stays finite, the gradients do not.
    auto& layers = lesson.learner.parameters().layers;
    Matrix& embedding = std::get<EmbeddingParameters>(layers[0]).weight;
    for (Index i = 0; i < embedding.rows(); ++i) embedding(i, 0) = 1e3f;
    for (ExpertParameters& expert : std::get<MoeParameters>(layers[2]).experts) {
      for (Index i = 0; i < expert.weight[0].rows(); ++i) expert.weight[0](i, 0) = 3e38f;
      for (float& w : expert.weight[1].values()) w = 1;
    }
    const Values before = everything_of(lesson.learner);
    const StepResult result = lesson.step(4);
    CAPTURE(result.fault);
    REQUIRE(std::isfinite(result.losses.cross_entropy));
    REQUIRE(result.fault.starts_with("gradient of layers."));
    REQUIRE(everything_of(lesson.learner) == before);
  }
}
