#include "model/parameters.hpp"

#include <cmath>

#include "base/check.hpp"
#include "ops/bf16.hpp"

namespace moelm {

namespace {

/// Weights of one gate, zero; a gate over one expert has none.
GateParameters make_gate(const GateConfig& config, Index width, bool biased) {
  GateParameters p;
  if (!config.gated()) return p;
  p.weight = Matrix(config.experts, width);
  if (config.noisy()) p.noise = Matrix(config.experts, width);
  if (biased) p.bias = Matrix(1, config.experts);
  if (config.kind == GateKind::balanced) p.thresholds = Matrix(1, config.experts);
  return p;
}

GatesParameters make_gates(const MoeConfig& config, Index width) {
  GatesParameters p;
  p.first = make_gate(config.first_gate(), width, config.bias_rate > 0);
  for (Index g = 0; g < config.groups; ++g) p.groups.push_back(make_gate(config.secondary_gate(), width, false));
  return p;
}

std::vector<ExpertParameters> make_experts(const MoeConfig& config, Index count, Index width) {
  std::vector<ExpertParameters> experts(static_cast<std::size_t>(count));
  for (ExpertParameters& expert : experts) {
    Index inputs = width;
    const auto add = [&](Index rows, Index cols) {
      if (config.weights == DataType::bf16)
        expert.rounded.emplace_back(rows, cols);
      else
        expert.weight.emplace_back(rows, cols);
    };
    for (const Index units : config.hidden) {
      add(units, inputs);
      inputs = units;
    }
    add(width, inputs);
  }
  return experts;
}

MoeParameters make_moe(const MoeConfig& config, Index width) {
  return {make_gates(config, width), make_experts(config, config.experts, width),
          make_experts(config, config.shared, width)};
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
      stream_.normals(step, row, 0, out.cols(), out.row(row));
      for (Index j = 0; j < out.cols(); ++j) out(row, j) *= static_cast<float>(deviation);
    });
  }

  /// Uniform with the variance 1 / fan_in, where fan_in = columns.
  void uniform(Matrix& m) {
    const float limit = std::sqrt(3.0f / static_cast<float>(m.cols()));
    fill(m, [&](Index step, Index row, Matrix& out) {
      stream_.uniforms(step, row, out.row_span(row));
      for (float& x : out.row_span(row)) x = limit * (2 * x - 1);
    });
  }

  /// The same numbers, rounded.
  void uniform(Bf16Matrix& m) {
    const Index step = next_;
    context_.parallel_ranges(m.rows(), 64, [&](Index begin, Index end) {
      std::vector<float> row(static_cast<std::size_t>(m.cols()));
      const float limit = std::sqrt(3.0f / static_cast<float>(m.cols()));
      for (Index i = begin; i < end; ++i) {
        stream_.uniforms(step, i, row);
        for (std::size_t j = 0; j < row.size(); ++j) m.row(i)[j] = to_bf16(limit * (2 * row[j] - 1));
      }
    });
    ++next_;
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

void initialise_gate(Initialiser& init, GateParameters& p) {
  // A noisy gate starts without signal and with some noise, so that all experts are chosen alike (appendix A).
  p.weight.zero();
  p.noise.zero();
  p.bias.zero();
  if (p.noise.empty() && !p.weight.empty()) init.normal(p.weight, 1 / std::sqrt(static_cast<double>(p.weight.cols())));
  // The score of every expert where the gate knows nothing.
  for (float& threshold : p.thresholds.values()) threshold = 1 / static_cast<float>(p.thresholds.cols());
}

void initialise_layer(Initialiser& init, MoeParameters& p) {
  initialise_gate(init, p.gates.first);
  for (GateParameters& gate : p.gates.groups) initialise_gate(init, gate);
  for (auto* experts : {&p.experts, &p.shared})
    for (ExpertParameters& expert : *experts) {
      for (Matrix& weight : expert.weight) init.uniform(weight);
      for (Bf16Matrix& weight : expert.rounded) init.uniform(weight);
    }
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
    } else if (std::holds_alternative<MoeParameters>(layer)) {
      const std::size_t l = gradients.layers.size();
      gradients.layers.emplace_back(make_gates(std::get<MoeConfig>(config.layers[l]), input_widths(config)[l]));
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
    } else if (auto* gates = std::get_if<GatesParameters>(&layer)) {
      for_each_gate(*gates, [](const std::string&, GateParameters& gate) {
        for (Matrix* m : {&gate.weight, &gate.noise, &gate.bias, &gate.thresholds}) m->zero();
      });
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

}  // namespace moelm
