// The language model in plain double loops, written from the equations: the oracle of values and gradients.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/language_model.hpp"
#include "support/reference_decisions.hpp"

namespace moelm {

/// One row of doubles, and a list of them.
using Row = std::vector<double>;
using Rows = std::vector<Row>;

/// What a pass reads besides weights. Where a list is empty there is no dropout, or no gate noise.
struct ReferencePass {
  const Batch& batch;
  const ModelState& state;        ///< before the first step
  std::span<const Matrix> masks;  ///< factors on the outputs of layer l, [N, width]
  std::span<const Matrix> draws;  ///< gate noise of layer l, [N, E]
};

/// The model of a configuration; weights are those of the library's, widened.
class ReferenceModel {
 public:
  struct Tensor {
    Index rows, cols;
    Row values;
    double operator()(std::size_t i, std::size_t j) const { return values[i * static_cast<std::size_t>(cols) + j]; }
  };

  std::map<std::string, Tensor> weights;  ///< by the names of files

  ReferenceModel(const ModelConfig& config, ModelParameters& parameters) : config_(config) {
    for (const NamedTensor& t : named_tensors(parameters))
      weights[t.name] = {t.values->rows(), t.values->cols(), Row(t.values->values().begin(), t.values->values().end())};
  }

  /// Mean nll and balance losses: what is minimised. Leaves nll of every row in `nll`.
  double loss(const ReferencePass& pass, ReferenceDecisions& decisions, Row& nll) const {
    decisions.rewind();
    double balance = 0;
    Rows x;
    for (std::size_t l = 0; l + 1 < config_.layers.size(); ++l) {
      Rows y;
      if (l == 0)
        for (const std::int32_t token : pass.batch.inputs) y.push_back(row_of(tensor(0, "weight"), token));
      else if (std::holds_alternative<LstmConfig>(config_.layers[l]))
        y = lstm(l, pass, x);
      else
        y = moe(l, pass, x, decisions, balance);
      const bool residual = l > 0 && y[0].size() == x[0].size();
      for (std::size_t n = 0; n < y.size(); ++n)
        for (std::size_t i = 0; i < y[n].size(); ++i) {
          if (!pass.masks.empty()) y[n][i] *= pass.masks[l](static_cast<Index>(n), static_cast<Index>(i));
          if (residual) y[n][i] += x[n][i];
        }
      x = y;
    }
    nll.clear();
    double sum = 0;
    for (std::size_t n = 0; n < x.size(); ++n) sum += nll.emplace_back(nll_of(x[n], pass.batch.targets[n]));
    return sum / static_cast<double>(x.size()) + balance;
  }

 private:
  const Tensor& tensor(std::size_t layer, const std::string& name) const {
    return weights.at("layers." + std::to_string(layer) + "." + name);
  }
  bool has(std::size_t layer, const std::string& name) const {
    return weights.count("layers." + std::to_string(layer) + "." + name) > 0;
  }

  static Row row_of(const Tensor& t, Index i) {
    return Row(t.values.begin() + i * t.cols, t.values.begin() + (i + 1) * t.cols);
  }
  static Row row_of(const Matrix& m, Index i) { return Row(m.row(i), m.row(i) + m.cols()); }

  static Row times(const Tensor& w, const Row& x) {
    Row y(static_cast<std::size_t>(w.rows));
    for (std::size_t i = 0; i < y.size(); ++i)
      for (std::size_t j = 0; j < x.size(); ++j) y[i] += w(i, j) * x[j];
    return y;
  }

  static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

  /// i, f, g, o = W_ih x + W_hh h + b; c = sigmoid(f) c + sigmoid(i) tanh(g); h = W_hr (sigmoid(o) tanh(c)).
  Rows lstm(std::size_t l, const ReferencePass& pass, const Rows& x) const {
    const Sequence& sequence = pass.batch.sequence;
    Rows y(x.size());
    for (Index b = 0; b < sequence.streams(); ++b) {
      Row h = row_of(pass.state.layers[l].h, b), c = row_of(pass.state.layers[l].c, b);
      for (Index t = 0; t < sequence.steps() && sequence.active(t) > b; ++t) {
        const auto n = static_cast<std::size_t>(sequence.offset(t) + b);
        const Row a = times(tensor(l, "weight_ih"), x[n]), r = times(tensor(l, "weight_hh"), h);
        const Row& bias = tensor(l, "bias").values;
        const std::size_t cells = c.size();
        const auto sum = [&](std::size_t gate, std::size_t j) {
          const std::size_t i = gate * cells + j;
          return a[i] + r[i] + bias[i];
        };
        Row hidden(cells);
        for (std::size_t j = 0; j < cells; ++j) {
          c[j] = sigmoid(sum(1, j)) * c[j] + sigmoid(sum(0, j)) * std::tanh(sum(2, j));
          hidden[j] = sigmoid(sum(3, j)) * std::tanh(c[j]);
        }
        h = has(l, "weight_hr") ? times(tensor(l, "weight_hr"), hidden) : hidden;
        y[n] = h;
      }
    }
    return y;
  }

  /// sigmoid(sum_i G(x)_i E_i(x)) (equation 1, appendix C.1); adds w CV^2 of importance and of load to `balance`.
  Rows moe(std::size_t l, const ReferencePass& pass, const Rows& x, ReferenceDecisions& decisions,
           double& balance) const {
    const auto& config = std::get<MoeConfig>(config_.layers[l]);
    const auto experts = static_cast<std::size_t>(config.experts);
    const bool noisy = has(l, "noise.weight");
    Row importance(experts), load(experts);
    Rows y;
    for (std::size_t n = 0; n < x.size(); ++n) {
      Row gates(experts, 1.0);
      if (config.gated())
        gates = gate(l, config, x[n],
                     noisy && !pass.draws.empty() ? row_of(pass.draws[l], static_cast<Index>(n)) : Row(experts),
                     decisions, load);
      Row sum(x[n].size());
      for (std::size_t e = 0; e < experts; ++e) {
        importance[e] += gates[e];
        if (gates[e] == 0) continue;
        const Row out = expert(l, e, config.hidden.size(), x[n], decisions);
        for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += gates[e] * out[i];
      }
      for (double& v : sum) v = sigmoid(v);
      y.push_back(sum);
    }
    if (config.gated()) balance += config.w_importance * cv_squared_plain(importance);
    if (noisy && config.k < config.experts) balance += config.w_load * cv_squared_plain(load);
    return y;
  }

  /// Equations 3 to 5, and 9 into `load`: gates of all experts.
  Row gate(std::size_t l, const MoeConfig& config, const Row& x, const Row& z, ReferenceDecisions& decisions,
           Row& load) const {
    const Row clean = times(tensor(l, "gate.weight"), x);
    Row deviation(clean.size()), h = clean, gates(clean.size());
    if (has(l, "noise.weight")) {
      const Row raw = times(tensor(l, "noise.weight"), x);
      for (std::size_t i = 0; i < h.size(); ++i) {
        deviation[i] = std::log(1 + std::exp(raw[i])) + config.noise_epsilon;
        h[i] += z[i] * deviation[i];
      }
    }
    const auto k = static_cast<std::size_t>(config.k);
    const std::vector<std::size_t> order = decisions.order(h, k);
    double sum = 0;
    for (std::size_t j = 0; j < k; ++j) sum += std::exp(h[order[j]]);
    for (std::size_t j = 0; j < k; ++j) gates[order[j]] = std::exp(h[order[j]]) / sum;
    if (!has(l, "noise.weight") || k == h.size()) return gates;
    for (std::size_t i = 0; i < h.size(); ++i) {
      // The k-th greatest of the others: the (k+1)-th of all if i is among the k greatest, else the k-th.
      const double threshold = h[order[gates[i] > 0 ? k : k - 1]];
      load[i] += 0.5 * (1 + std::erf((clean[i] - threshold) / deviation[i] / std::sqrt(2.0)));
    }
    return gates;
  }

  Row expert(std::size_t l, std::size_t e, std::size_t hidden_layers, Row x, ReferenceDecisions& decisions) const {
    for (std::size_t j = 0; j <= hidden_layers; ++j) {
      x = times(tensor(l, "experts." + std::to_string(e) + ".weight_" + std::to_string(j)), x);
      for (double& v : x)
        if (j < hidden_layers && !decisions.positive(v)) v = 0;
    }
    return x;
  }

  /// Population variance over squared mean.
  static double cv_squared_plain(const Row& v) {
    double mean = 0, variance = 0;
    for (const double a : v) mean += a / static_cast<double>(v.size());
    for (const double a : v) variance += (a - mean) * (a - mean) / static_cast<double>(v.size());
    return variance / (mean * mean);
  }

  double nll_of(const Row& x, std::int32_t target) const {
    const std::size_t last = config_.layers.size() - 1;
    Row logits = times(tensor(last, "weight"), x);
    double sum = 0;
    for (std::size_t v = 0; v < logits.size(); ++v) sum += std::exp(logits[v] += tensor(last, "bias").values[v]);
    return std::log(sum) - logits[static_cast<std::size_t>(target)];
  }

  ModelConfig config_;
};

}  // namespace moelm
