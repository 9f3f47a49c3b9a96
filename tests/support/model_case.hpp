// A tiny model with random weights, a batch and a state: what tests of the whole model start from.
#pragma once

#include <utility>
#include <vector>

#include "model/language_model.hpp"
#include "nn/embedding_dropout.hpp"
#include "ops/dropout.hpp"
#include "support/moe_case.hpp"
#include "support/random_matrix.hpp"

namespace moelm {

/// A noisy top-k layer whose two balancing losses weigh differently.
inline MoeConfig moe_config(Index experts, Index k, std::vector<Index> hidden) {
  MoeConfig c;
  c.experts = experts;
  c.k = k;
  c.hidden = std::move(hidden);
  c.w_importance = 0.5;
  c.w_load = 0.8;
  return c;
}

/// The layers between an embedding of this width and the softmax.
inline ModelConfig model_config(Index width, std::vector<LayerConfig> layers, double dropout) {
  ModelConfig c;
  c.layers = std::move(layers);
  c.layers.insert(c.layers.begin(), EmbeddingConfig{width});
  c.layers.push_back(SoftmaxConfig{});
  c.dropout = dropout;
  return c;
}

/// Random tokens for a sequence.
inline Batch random_batch(Sequence sequence, Index vocabulary, std::uint64_t seed) {
  Batch batch;
  batch.sequence = std::move(sequence);
  const RandomStream stream(seed, "test-tokens", 0);
  const auto token = [&](Index row, Index column) {
    return static_cast<std::int32_t>(stream.uniform(0, row, column) * static_cast<float>(vocabulary));
  };
  for (Index row = 0; row < batch.rows(); ++row) {
    batch.inputs.push_back(token(row, 0));
    batch.targets.push_back(token(row, 1));
  }
  return batch;
}

struct ModelCase {
  ModelConfig config;
  Index vocabulary;
  ModelParameters parameters;
  Batch batch;
  ModelState state;
  PassOptions options;

  /// Every weight is random, those that are initialised to a constant too, and so is the state before the first step.
  ModelCase(ModelConfig model, Index tokens, Sequence sequence, std::uint64_t seed)
      : config(std::move(model)),
        vocabulary(tokens),
        parameters(make_parameters(config, vocabulary)),
        batch(random_batch(std::move(sequence), vocabulary, seed)) {
    for (const NamedTensor& t : named_tensors(parameters))
      *t.values = random_matrix(t.values->rows(), t.values->cols(), ++seed,
                                t.vector ? 0.5f : 1.0f / std::sqrt(static_cast<float>(t.values->cols())));
    state.reset(parameters, batch.sequence.streams());
    for (LstmState& s : state.layers) {
      s.h = random_matrix(s.h.rows(), s.h.cols(), ++seed, 0.5f);
      s.c = random_matrix(s.c.rows(), s.c.cols(), ++seed);
    }
    options.training = true;
    options.seed = seed;
    options.step = 3;
    // Rows are numbered as in a step of more streams than this batch has.
    options.streams = batch.sequence.streams() + 2;
  }

  /// The factors of dropout on the output of every layer but the last; of tokens on that of the first.
  std::vector<Matrix> masks(Context& context) const {
    const std::vector<Index> positions =
        config.locked_dropout ? batch.sequence.stream_numbers() : batch.sequence.positions(options.streams);
    const std::vector<Index> widths = input_widths(config);
    std::vector<Matrix> out;
    for (std::size_t l = 0; l + 1 < config.layers.size(); ++l) {
      Matrix& mask = out.emplace_back(batch.rows(), widths[l + 1]);
      for (float& v : mask.values()) v = 1;
      apply_dropout(
          context,
          {RandomStream(options.seed, "dropout", static_cast<Index>(l)), options.step, config.dropout, positions},
          mask);
    }
    const EmbeddingDropout tokens{RandomStream(options.seed, "embedding-dropout", 0), options.step,
                                  config.embedding_dropout};
    apply_embedding_dropout(context, tokens, batch.inputs, out[0]);
    return out;
  }

  /// Gives every gated layer random earlier steps; the window must outlive the case's passes.
  void look_back_on(std::vector<BalanceWindow>& windows) {
    std::uint64_t seed = 900;
    for (const LayerConfig& layer : config.layers) {
      const auto* moe = std::get_if<MoeConfig>(&layer);
      windows.push_back(moe == nullptr ? BalanceWindow{} : make_balance_window(*moe));
      if (moe == nullptr) continue;
      for (const auto& [name, values] : window_tensors("", windows.back()))
        for (double& value : values)
          value = 1 + std::abs(static_cast<double>(random_matrix(1, 1, ++seed).data()[0])) * 5;
    }
    options.windows = windows;
  }

  /// The gate noise of every layer that has some.
  std::vector<Matrix> draws() const {
    const std::vector<Index> positions = batch.sequence.positions(options.streams);
    std::vector<Matrix> out(config.layers.size());
    for (std::size_t l = 0; l < config.layers.size(); ++l) {
      const auto* moe = std::get_if<MoeConfig>(&config.layers[l]);
      if (moe == nullptr || moe->gate != GateKind::noisy_top_k) continue;
      out[l] = Matrix(batch.rows(), moe->experts + moe->groups);
      const RandomStream stream(options.seed, "gate-noise", static_cast<Index>(l));
      for (Index n = 0; n < batch.rows(); ++n)
        stream.normals(options.step, positions[static_cast<std::size_t>(n)], 0, out[l].cols(), out[l].row(n));
    }
    return out;
  }
};

/// The outcome of model_gradients, each gradient in the shape of its weights.
struct ModelOutcome {
  Losses losses;
  std::vector<double> nll;
  ModelParameters gradients;
  ModelCache cache;
};

/// Rows of a gradient at their places in the table.
inline void scatter(const RowGradient& rows, Matrix& table) {
  const Index columns = rows.rows.cols();
  for (std::size_t r = 0; r < rows.index.size(); ++r)
    std::copy_n(rows.rows.row(static_cast<Index>(r)), columns, table.data() + rows.index[r] * columns);
}

/// Gradients as weights: rows of tables scattered, gradients of experts formed.
inline ModelParameters dense_gradients(Context& context, const ModelCase& c, ModelCache& cache,
                                       ModelGradients& gradients) {
  ModelParameters dense = make_parameters(c.config, c.vocabulary);
  for (std::size_t l = 0; l < dense.layers.size(); ++l) {
    if (auto* embedding = std::get_if<EmbeddingParameters>(&dense.layers[l])) {
      if (auto* whole = std::get_if<EmbeddingParameters>(&gradients.layers[l]))
        *embedding = std::move(*whole);
      else
        scatter(std::get<RowGradient>(gradients.layers[l]), embedding->weight);
    } else if (auto* moe = std::get_if<MoeParameters>(&dense.layers[l])) {
      moe->gates = std::move(std::get<GatesParameters>(gradients.layers[l]));
      MoeCache& of_layer = std::get<MoeLayerCache>(cache.layers[l]).moe;
      const auto& weights = std::get<MoeParameters>(c.parameters.layers[l]);
      for (std::size_t e = 0; e < moe->experts.size(); ++e)
        for (std::size_t j = 0; j < moe->experts[e].weight.size(); ++j)
          form_expert_gradient(context, weights.experts, of_layer.experts, e, j, moe->experts[e].weight[j]);
      for (std::size_t e = 0; e < moe->shared.size(); ++e)
        for (std::size_t j = 0; j < moe->shared[e].weight.size(); ++j)
          form_expert_gradient(context, weights.shared, of_layer.shared, e, j, moe->shared[e].weight[j]);
    } else if (auto* lstm = std::get_if<LstmParameters>(&dense.layers[l])) {
      *lstm = std::move(std::get<LstmParameters>(gradients.layers[l]));
    } else if (auto* sampled = std::get_if<SampledSoftmaxGradient>(&gradients.layers[l])) {
      auto& softmax = std::get<SoftmaxParameters>(dense.layers[l]);
      if (!softmax.weight.empty()) scatter(sampled->weight, softmax.weight);
      scatter(sampled->bias, softmax.bias);
    } else if (auto* adaptive = std::get_if<AdaptiveSoftmaxParameters>(&gradients.layers[l])) {
      dense.layers[l] = std::move(*adaptive);
    } else {
      dense.layers[l] = std::move(std::get<SoftmaxParameters>(gradients.layers[l]));
    }
  }
  return dense;
}

/// A training pass of the case.
inline ModelOutcome run_gradients(Context& context, const ModelCase& c) {
  ModelOutcome out;
  out.nll.resize(static_cast<std::size_t>(c.batch.rows()));
  ModelState state = c.state.clone();
  ModelGradients gradients = make_gradients(c.parameters);
  out.losses =
      model_gradients(context, c.config, c.parameters, c.batch, c.options, state, out.cache, gradients, out.nll);
  out.gradients = dense_gradients(context, c, out.cache, gradients);
  return out;
}

}  // namespace moelm
