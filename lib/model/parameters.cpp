#include "model/parameters.hpp"

#include <cmath>

#include "base/check.hpp"

namespace moelm {

namespace {

MoeParameters make_moe(const MoeConfig& config, Index width) {
  MoeParameters p;
  if (config.gated()) {
    p.gate.weight = Matrix(config.experts, width);
    if (config.gate == GateKind::noisy_top_k) p.gate.noise = Matrix(config.experts, width);
  }
  p.experts.resize(static_cast<std::size_t>(config.experts));
  for (ExpertParameters& expert : p.experts) {
    Index inputs = width;
    for (const Index units : config.hidden) {
      expert.weight.emplace_back(units, inputs);
      inputs = units;
    }
    expert.weight.emplace_back(width, inputs);
  }
  return p;
}

LstmParameters make_lstm(Index cells, Index outputs, Index inputs, bool projected) {
  LstmParameters p;
  p.weight_ih = Matrix(4 * cells, inputs);
  p.weight_hh = Matrix(4 * cells, outputs);
  p.bias = Matrix(1, 4 * cells);
  if (projected) p.weight_hr = Matrix(outputs, cells);
  return p;
}

Matrix zeros_like(const Matrix& m) { return Matrix(m.rows(), m.cols()); }

/// Fills matrices from one stream, each under its own number.
class Initialiser {
 public:
  Initialiser(Context& context, std::uint64_t seed, Index layer) : context_(context), stream_(seed, "init", layer) {}

  void normal(Matrix& m, double deviation) {
    fill(m, [&](Index step, Index row, Matrix& out) {
      stream_.normals(step, row, out.cols(), out.row(row));
      for (Index j = 0; j < out.cols(); ++j) out(row, j) *= static_cast<float>(deviation);
    });
  }

  /// Uniform with the variance 1 / fan_in, where fan_in = columns.
  void uniform(Matrix& m) {
    const float limit = std::sqrt(3.0f / static_cast<float>(m.cols()));
    fill(m, [&](Index step, Index row, Matrix& out) {
      for (Index j = 0; j < out.cols(); ++j) out(row, j) = limit * (2 * stream_.uniform(step, row, j) - 1);
    });
  }

 private:
  template <class F>
  void fill(Matrix& m, F&& fill_row) {
    const Index step = next_++;
    context_.parallel_ranges(m.rows(), 64, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) fill_row(step, i, m);
    });
  }

  Context& context_;
  RandomStream stream_;
  Index next_ = 0;
};

void initialise_layer(Initialiser& init, EmbeddingParameters& p) { init.normal(p.weight, 0.1); }

void initialise_layer(Initialiser& init, LstmParameters& p) {
  init.uniform(p.weight_ih);
  init.uniform(p.weight_hh);
  if (p.projected()) init.uniform(p.weight_hr);
  p.bias.zero();
  for (Index j = 0; j < p.cells(); ++j) p.bias(0, p.cells() + j) = 1;
}

void initialise_layer(Initialiser& init, MoeParameters& p) {
  // A noisy gate starts without signal and with some noise, so that all experts are chosen alike (appendix A).
  p.gate.weight.zero();
  p.gate.noise.zero();
  if (!p.gate.noisy() && !p.gate.weight.empty())
    init.normal(p.gate.weight, 1 / std::sqrt(static_cast<double>(p.gate.weight.cols())));
  for (ExpertParameters& expert : p.experts)
    for (Matrix& weight : expert.weight) init.uniform(weight);
}

void initialise_layer(Initialiser& init, SoftmaxParameters& p) {
  init.normal(p.weight, 0.01);
  p.bias.zero();
}

}  // namespace

ModelParameters make_parameters(const ModelConfig& config, Index vocabulary) {
  const std::vector<Index> widths = input_widths(config);
  ModelParameters parameters;
  for (std::size_t i = 0; i < config.layers.size(); ++i) {
    const Index inputs = widths[i];
    if (const auto* embedding = std::get_if<EmbeddingConfig>(&config.layers[i])) {
      parameters.layers.emplace_back(EmbeddingParameters{Matrix(vocabulary, embedding->width)});
    } else if (const auto* lstm = std::get_if<LstmConfig>(&config.layers[i])) {
      parameters.layers.emplace_back(make_lstm(lstm->cells, lstm->output_width(), inputs, lstm->projection > 0));
    } else if (const auto* moe = std::get_if<MoeConfig>(&config.layers[i])) {
      parameters.layers.emplace_back(make_moe(*moe, inputs));
    } else {
      parameters.layers.emplace_back(SoftmaxParameters{Matrix(vocabulary, inputs), Matrix(1, vocabulary)});
    }
  }
  return parameters;
}

ModelGradients make_gradients(const ModelConfig& config, const ModelParameters& parameters) {
  ModelGradients gradients;
  for (const LayerParameters& layer : parameters.layers) {
    if (std::holds_alternative<EmbeddingParameters>(layer)) {
      gradients.layers.emplace_back(RowGradient{});
    } else if (const auto* lstm = std::get_if<LstmParameters>(&layer)) {
      gradients.layers.emplace_back(
          make_lstm(lstm->cells(), lstm->output_width(), lstm->weight_ih.cols(), lstm->projected()));
    } else if (const auto* moe = std::get_if<MoeParameters>(&layer)) {
      gradients.layers.emplace_back(GateParameters{zeros_like(moe->gate.weight), zeros_like(moe->gate.noise)});
    } else if (std::get<SoftmaxConfig>(config.layers.back()).samples > 0) {
      gradients.layers.emplace_back(SampledSoftmaxGradient{});
    } else {
      const auto& softmax = std::get<SoftmaxParameters>(layer);
      gradients.layers.emplace_back(SoftmaxParameters{zeros_like(softmax.weight), zeros_like(softmax.bias)});
    }
  }
  return gradients;
}

void ModelGradients::zero() {
  for (LayerGradients& layer : layers) {
    if (auto* lstm = std::get_if<LstmParameters>(&layer)) {
      for (Matrix* m : {&lstm->weight_ih, &lstm->weight_hh, &lstm->bias, &lstm->weight_hr}) m->zero();
    } else if (auto* gate = std::get_if<GateParameters>(&layer)) {
      gate->weight.zero();
      gate->noise.zero();
    } else if (auto* softmax = std::get_if<SoftmaxParameters>(&layer)) {
      softmax->weight.zero();
      softmax->bias.zero();
    }
  }
}

void initialise(Context& context, const ModelConfig& config, std::uint64_t seed, ModelParameters& parameters) {
  ensure(config.layers.size() == parameters.layers.size(), "parameters belong to the configuration");
  for (std::size_t i = 0; i < parameters.layers.size(); ++i) {
    Initialiser init(context, seed, static_cast<Index>(i));
    std::visit([&](auto& layer) { initialise_layer(init, layer); }, parameters.layers[i]);
  }
}

std::vector<NamedTensor> named_tensors(ModelParameters& parameters) {
  std::vector<NamedTensor> tensors;
  const auto add = [&](const std::string& name, Matrix& values, bool vector = false) {
    if (!values.empty()) tensors.push_back({name, &values, vector});
  };
  for (std::size_t i = 0; i < parameters.layers.size(); ++i) {
    const std::string prefix = "layers." + std::to_string(i) + ".";
    if (auto* embedding = std::get_if<EmbeddingParameters>(&parameters.layers[i])) {
      add(prefix + "weight", embedding->weight);
    } else if (auto* lstm = std::get_if<LstmParameters>(&parameters.layers[i])) {
      add(prefix + "weight_ih", lstm->weight_ih);
      add(prefix + "weight_hh", lstm->weight_hh);
      add(prefix + "bias", lstm->bias, true);
      add(prefix + "weight_hr", lstm->weight_hr);
    } else if (auto* moe = std::get_if<MoeParameters>(&parameters.layers[i])) {
      add(prefix + "gate.weight", moe->gate.weight);
      add(prefix + "noise.weight", moe->gate.noise);
      for (std::size_t e = 0; e < moe->experts.size(); ++e)
        for (std::size_t j = 0; j < moe->experts[e].weight.size(); ++j)
          add(prefix + "experts." + std::to_string(e) + ".weight_" + std::to_string(j), moe->experts[e].weight[j]);
    } else {
      auto& softmax = std::get<SoftmaxParameters>(parameters.layers[i]);
      add(prefix + "weight", softmax.weight);
      add(prefix + "bias", softmax.bias, true);
    }
  }
  return tensors;
}

}  // namespace moelm
