// The MoE layer with a gate without noise, in plain double loops over tokens and experts: the oracle of dispatch.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "moe/moe_layer.hpp"

namespace moelm {

/// Forward and backward of sum(y * dy) over all tokens, without balancing losses.
class PlainMoe {
 public:
  using Values = std::vector<double>;
  Values y, dx, dgate;                       ///< [N * D], [N * D], [E * D]
  std::vector<std::vector<Values>> dweight;  ///< of matrix j of expert e
  std::vector<Index> tokens;                 ///< rows of each expert

  PlainMoe(const MoeConfig& config, const MoeParameters& p, const Matrix& x, const Matrix& dy)
      : config_(config), p_(p), width_(static_cast<std::size_t>(x.cols())) {
    y.resize(static_cast<std::size_t>(x.size()));
    dx.resize(y.size());
    dgate.resize(p.gates.primary.weight.values().size());
    tokens.resize(p.experts.size());
    for (const ExpertParameters& expert : p.experts) {
      dweight.emplace_back();
      for (const Matrix& w : expert.weight) dweight.back().emplace_back(static_cast<std::size_t>(w.size()));
    }
    for (Index n = 0; n < x.rows(); ++n) add_token(n, x.row(n), dy.row(n));
  }

 private:
  void add_token(Index n, const float* x, const float* dy) {
    const Values input(x, x + width_), upstream(dy, dy + width_);
    const std::vector<double> gate = gates(input);
    std::vector<double> dgate_value(gate.size());
    const std::size_t row = static_cast<std::size_t>(n) * width_;
    for (std::size_t e = 0; e < gate.size(); ++e) {
      if (gate[e] == 0) continue;
      ++tokens[e];
      dgate_value[e] = add_expert(e, gate[e], input, upstream, row);
    }
    double mean = 0;
    for (std::size_t e = 0; e < gate.size(); ++e) mean += gate[e] * dgate_value[e];
    for (std::size_t e = 0; config_.has_gate() && e < gate.size(); ++e)
      for (std::size_t i = 0; i < width_; ++i) {
        const double dlogit = gate[e] * (dgate_value[e] - mean);
        dgate[e * width_ + i] += dlogit * input[i];
        dx[row + i] += dlogit * double{p_.gates.primary.weight.values()[e * width_ + i]};
      }
  }

  /// Softmax over the k greatest logits, zero elsewhere.
  Values gates(const Values& x) const {
    if (!config_.has_gate()) return {1.0};
    Values logits(p_.experts.size()), gate(p_.experts.size());
    for (std::size_t e = 0; e < logits.size(); ++e)
      for (std::size_t i = 0; i < width_; ++i)
        logits[e] += double{p_.gates.primary.weight.values()[e * width_ + i]} * x[i];
    Values sorted = logits;
    std::sort(sorted.rbegin(), sorted.rend());
    const double least = sorted[static_cast<std::size_t>(config_.k - 1)];
    double sum = 0;
    for (std::size_t e = 0; e < logits.size(); ++e)
      if (logits[e] >= least) sum += gate[e] = std::exp(logits[e] - sorted[0]);
    for (double& g : gate) g /= sum;
    return gate;
  }

  /// One token through one expert and back; returns <dy, expert(x)>.
  double add_expert(std::size_t e, double gate, const Values& x, const Values& dy, std::size_t row) {
    const std::vector<Matrix>& weight = p_.experts[e].weight;
    std::vector<Values> layer = {x};
    for (std::size_t j = 0; j < weight.size(); ++j) {
      layer.push_back(times(weight[j], layer.back()));
      for (double& v : layer.back())
        if (j + 1 < weight.size()) v = std::max(v, 0.0);
    }
    double product = 0;
    Values d(width_);
    for (std::size_t i = 0; i < width_; ++i) {
      y[row + i] += gate * layer.back()[i];
      product += dy[i] * layer.back()[i];
      d[i] = gate * dy[i];
    }
    for (std::size_t j = weight.size(); j-- > 0;) {
      const Values& in = layer[j];
      Values din(in.size());
      for (std::size_t o = 0; o < d.size(); ++o)
        for (std::size_t i = 0; i < in.size(); ++i) {
          dweight[e][j][o * in.size() + i] += d[o] * in[i];
          din[i] += d[o] * double{weight[j].values()[o * in.size() + i]};
        }
      for (std::size_t i = 0; j > 0 && i < in.size(); ++i)
        if (in[i] <= 0) din[i] = 0;
      d = din;
    }
    for (std::size_t i = 0; i < width_; ++i) dx[row + i] += d[i];
    return product;
  }

  static Values times(const Matrix& w, const Values& x) {
    Values out(static_cast<std::size_t>(w.rows()));
    for (std::size_t o = 0; o < out.size(); ++o)
      for (std::size_t i = 0; i < x.size(); ++i) out[o] += double{w.values()[o * x.size() + i]} * x[i];
    return out;
  }

  const MoeConfig& config_;
  const MoeParameters& p_;
  std::size_t width_;
};

}  // namespace moelm
