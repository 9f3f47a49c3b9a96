// A model that was trained for some steps, and its optimizer's tensors in a file as a checkpoint has them.
#pragma once

#include <functional>
#include <string>

#include "adaptation/gradient_rms.hpp"
#include "io/safetensors.hpp"
#include "support/temporary_directory.hpp"
#include "training/learner.hpp"

namespace moelm {

struct LearnedCase {
  static constexpr Index kStreams = 8;

  ModelConfig config;
  OptimizerConfig optimizer;
  Context context{2};
  Learner learner;
  ModelState state;
  Index steps = 0;
  TemporaryDirectory directory;

  LearnedCase(const ModelConfig& model, const OptimizerConfig& kinds, Index vocabulary)
      : config(model), optimizer(kinds), learner(context, config, optimizer, vocabulary, 1) {
    state.reset(learner.parameters(), kStreams);
  }

  void learn(const Batch& batch, double lr) {
    ++steps;
    if (!learner.step(context, batch, {steps, kStreams, lr, 1.0}, state).fault.empty())
      throw std::runtime_error("a step failed");
  }

  /// The file of the optimizer's tensors, after `change` has had them.
  SafetensorsFile file(const std::function<void(std::vector<TensorView>&)>& change = {}) {
    std::vector<TensorView> views = optimizer_views(learner.optimizer_tensors());
    if (change) change(views);
    std::string bytes;
    write_safetensors(plan_safetensors(views), views, [&](const void* data, std::size_t count) {
      bytes.append(static_cast<const char*>(data), count);
    });
    put_file(directory / "optimizer.safetensors", bytes);
    return SafetensorsFile::open(directory / "optimizer.safetensors");
  }

  GradientRms gradients() { return read_gradient_rms(file(), learner.parameters(), optimizer, steps); }
};

}  // namespace moelm
