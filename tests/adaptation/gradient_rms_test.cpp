// Root mean squares of gradients, from the moments of each optimizer.
#include "adaptation/gradient_rms.hpp"

#include <cmath>
#include <limits>
#include <map>

#include "learned_case.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/tiny_data.hpp"

using namespace moelm;

namespace {

constexpr Index kVocabulary = 30;

OptimizerConfig kinds(OptimizerKind dense, OptimizerKind tables, OptimizerKind experts) {
  OptimizerConfig config;
  config.dense.kind = dense;
  config.tables.kind = tables;
  config.experts.kind = experts;
  config.dense.beta2 = config.tables.beta2 = config.experts.beta2 = 0.95;
  return config;
}

LearnedCase learned(const OptimizerConfig& optimizer, Index samples = 0) {
  ModelConfig config = tiny_model();
  std::get<SoftmaxConfig>(config.layers.back()).samples = samples;
  return LearnedCase(config, optimizer, kVocabulary);
}

void learn_some(LearnedCase& c) {
  for (Index step = 1; step <= 7; ++step) {
    Batch batch = random_batch(Sequence(LearnedCase::kStreams, 3), kVocabulary, static_cast<std::uint64_t>(step));
    // The last tokens are seen in the first steps alone.
    for (std::int32_t& id : batch.inputs) id = step > 3 ? id % 20 : id;
    c.learn(batch, 0.01);
  }
}

/// The root mean squares by the names of tensors.
std::map<std::string, const Matrix*> by_name(LearnedCase& c, const GradientRms& gradients) {
  std::map<std::string, const Matrix*> named;
  const std::vector<AdaptedTensor> tensors = adapted_tensors(c.learner.parameters());
  REQUIRE(tensors.size() == gradients.rms.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    REQUIRE(gradients.rms[i].rows() == tensors[i].tensor.values->rows());
    REQUIRE(gradients.rms[i].cols() == tensors[i].tensor.values->cols());
    named[tensors[i].tensor.name] = &gradients.rms[i];
  }
  return named;
}

const Matrix& moment(LearnedCase& c, const std::string& name) {
  for (const NamedTensor& t : c.learner.optimizer_tensors().moments)
    if (t.name == name) return *t.values;
  throw std::runtime_error("no moment " + name);
}

const std::vector<std::int64_t>& steps_of(LearnedCase& c, const std::string& name) {
  for (const auto& [steps, values] : c.learner.optimizer_tensors().last_steps)
    if (steps == name) return *values;
  throw std::runtime_error("no steps " + name);
}

}  // namespace

TEST_CASE("Adam: corrected second moments, decayed since the last gradient of a row or an expert") {
  LearnedCase c = learned(kinds(OptimizerKind::adam, OptimizerKind::adam, OptimizerKind::adam));
  learn_some(c);
  const GradientRms gradients = c.gradients();
  const auto rms = by_name(c, gradients);
  const double correction = 1 - std::pow(0.95, 7);
  const auto expect = [&](const std::string& name, Index i, double missed) {
    const double v = static_cast<double>(moment(c, name + ".v").data()[i]);
    CHECK(static_cast<double>(rms.at(name)->data()[i]) ==
          Approx(std::sqrt(v * std::pow(0.95, missed) / correction)).epsilon(1e-5));
  };
  for (const Index i : {0, 17, 255}) expect("layers.1.weight_ih", i, 0);
  const auto& rows = steps_of(c, "layers.0.weight.last_step");
  bool old = false;
  for (Index row = 0; row < kVocabulary; ++row) {
    const double missed = static_cast<double>(7 - rows[static_cast<std::size_t>(row)]);
    old = old || (missed >= 4 && missed < 7);
    expect("layers.0.weight", row * 8 + 3, missed);
  }
  CHECK(old);
  const auto& experts = steps_of(c, "layers.2.experts.last_step");
  for (Index e = 0; e < 4; ++e)
    expect("layers.2.experts." + std::to_string(e) + ".weight_1", 5,
           static_cast<double>(7 - experts[static_cast<std::size_t>(e)]));
  double sum = 0, count = 0;
  for (const Matrix& m : gradients.rms)
    for (const float r : m.values()) sum += static_cast<double>(r), ++count;
  CHECK(gradients.mean == Approx(sum / count));
}

TEST_CASE("factored moments: rows times columns") {
  for (const Index samples : {0, 7}) {
    LearnedCase c = learned(kinds(OptimizerKind::factored, OptimizerKind::factored, OptimizerKind::factored), samples);
    learn_some(c);
    const GradientRms gradients = c.gradients();
    const auto rms = by_name(c, gradients);
    const auto expect = [&](const std::string& name, double missed) {
      const Matrix &r = moment(c, name + ".rows"), &columns = moment(c, name + ".columns");
      double mean = 0;
      for (const float v : columns.values()) mean += static_cast<double>(v) / static_cast<double>(columns.size());
      for (const Index i : {Index{1}, r.size() - 1}) {
        const double v = static_cast<double>(r.data()[i]) * static_cast<double>(columns.data()[2]) / mean *
                         std::pow(0.95, missed) / (1 - std::pow(0.95, 7));
        CHECK(static_cast<double>((*rms.at(name))(i, 2)) == Approx(std::sqrt(v)).epsilon(1e-5).margin(1e-12));
      }
    };
    expect("layers.1.weight_hh", 0);
    expect("layers.2.experts.2.weight_0", static_cast<double>(7 - steps_of(c, "layers.2.experts.last_step")[2]));
    CHECK(static_cast<double>(rms.at("layers.1.bias")->data()[3]) ==
          Approx(std::sqrt(static_cast<double>(moment(c, "layers.1.bias.v").data()[3]) / (1 - std::pow(0.95, 7))))
              .epsilon(1e-5));
  }
}

TEST_CASE("Adafactor's moments need no correction") {
  LearnedCase c = learned(kinds(OptimizerKind::adafactor, OptimizerKind::adam, OptimizerKind::adafactor));
  learn_some(c);
  const GradientRms gradients = c.gradients();
  const auto rms = by_name(c, gradients);
  CHECK(static_cast<double>(rms.at("layers.1.bias")->data()[3]) ==
        Approx(std::sqrt(static_cast<double>(moment(c, "layers.1.bias.v").data()[3]))).epsilon(1e-5));
}

TEST_CASE("moments that cannot be are refused with file and tensor") {
  LearnedCase c = learned(kinds(OptimizerKind::adam, OptimizerKind::adam, OptimizerKind::adam));
  learn_some(c);
  const auto refused = [&](Exit exit, const std::string& part,
                           const std::function<void(std::vector<TensorView>&)>& change) {
    const SafetensorsFile file = c.file(change);
    const auto read = [&] { read_gradient_rms(file, c.learner.parameters(), c.optimizer, c.steps); };
    INFO(error_text(read));
    CHECK(error_exit(read) == exit);
    CHECK(holds(error_text(read), "optimizer.safetensors"));
    CHECK(holds(error_text(read), part));
  };
  const auto place = [](std::vector<TensorView>& views, const std::string& name) {
    for (auto view = views.begin(); view != views.end(); ++view)
      if (view->name == name) return view;
    throw std::runtime_error("no tensor " + name);
  };
  refused(Exit::bad_config, "layers.1.weight_ih.v",
          [&](auto& views) { views.erase(place(views, "layers.1.weight_ih.v")); });
  refused(Exit::bad_config, "layers.2.experts.last_step",
          [&](auto& views) { views.erase(place(views, "layers.2.experts.last_step")); });
  refused(Exit::bad_config, "layers.1.bias.v", [&](auto& views) { place(views, "layers.1.bias.v")->shape = {16}; });
  refused(Exit::bad_config, "layers.2.experts.last_step: expected a step of expert 2",
          [&](auto& views) { place(views, "layers.2.experts.last_step")->shape = {2}; });
  const std::vector<std::int64_t> late(30, 8), odd(7, 1);
  refused(Exit::bad_data, "expected steps from 0 to 7, found 8",
          [&](auto& views) { place(views, "layers.0.weight.last_step")->data = late.data(); });
  refused(Exit::bad_config, "expected one step per row", [&](auto& views) {
    const auto view = place(views, "layers.0.weight.last_step");
    view->data = odd.data();
    view->shape = {7};
  });
  const std::vector<float> negative(32, -1.0f);
  refused(Exit::bad_data, "layers.1.bias: expected numbers of at least 0",
          [&](auto& views) { place(views, "layers.1.bias.v")->data = negative.data(); });
  const std::vector<float> zeros(4096, 0.0f);
  refused(Exit::bad_data, "expected some above 0", [&](auto& views) {
    for (TensorView& view : views)
      if (view.type == TensorType::f32) view.data = zeros.data();
  });
}
