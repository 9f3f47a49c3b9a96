// The language model in plain double loops, written from the equations: the oracle of values and gradients.
#pragma once

#include <algorithm>
#include <limits>
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
  const ModelState& state;                           ///< before the first step
  std::span<const Matrix> masks;                     ///< factors on the outputs of layer l, [N, width]
  std::span<const Matrix> draws;                     ///< gate noise of layer l, [N, E + A]
  std::span<const BalanceWindow> windows = {};       ///< the steps before, of layer l
  std::span<const Matrix> recurrent = {};            ///< factors on W_hh of layer l
  std::span<const Matrix> outputs = {};              ///< factors on the outputs of layer l's experts, [N, E], or empty
  std::span<const std::vector<Matrix>> hidden = {};  ///< on the units of layer l's hidden layers, [N * experts, units]
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

  /// The same with factors on the weights; none if empty.
  static Row times(const Tensor& w, const Row& x, const Matrix& factors) {
    if (factors.empty()) return times(w, x);
    Row y(static_cast<std::size_t>(w.rows));
    for (std::size_t i = 0; i < y.size(); ++i)
      for (std::size_t j = 0; j < x.size(); ++j)
        y[i] += w(i, j) * factors(static_cast<Index>(i), static_cast<Index>(j)) * x[j];
    return y;
  }

  static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

  /// i, f, g, o = W_ih x + W_hh h + b; c = sigmoid(f) c + sigmoid(i) tanh(g); h = W_hr (sigmoid(o) tanh(c)).
  Rows lstm(std::size_t l, const ReferencePass& pass, const Rows& x) const {
    const Sequence& sequence = pass.batch.sequence;
    static const Matrix kNone;
    const Matrix& factors = pass.recurrent.empty() ? kNone : pass.recurrent[l];
    Rows y(x.size());
    for (Index b = 0; b < sequence.streams(); ++b) {
      Row h = row_of(pass.state.layers[l].h, b), c = row_of(pass.state.layers[l].c, b);
      for (Index t = 0; t < sequence.steps() && sequence.active(t) > b; ++t) {
        const auto n = static_cast<std::size_t>(sequence.offset(t) + b);
        const Row a = times(tensor(l, "weight_ih"), x[n]), r = times(tensor(l, "weight_hh"), h, factors);
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

  /// What a gate decides: gates of all experts of every row, which are chosen, and the load.
  struct Routed {
    Rows gates;
    std::vector<std::vector<bool>> chosen;
    Row load;
  };

  /// sum_i G(x)_i E_i(x) + shared experts, behind a sigmoid or not (equation 1, appendix C.1); adds the balancing
  /// losses to `balance`.
  Rows moe(std::size_t l, const ReferencePass& pass, const Rows& x, ReferenceDecisions& decisions,
           double& balance) const {
    const auto& config = std::get<MoeConfig>(config_.layers[l]);
    const auto experts = static_cast<std::size_t>(config.experts);
    Rows z(x.size());
    for (std::size_t n = 0; n < x.size() && !pass.draws.empty(); ++n)
      z[n] = row_of(pass.draws[l], static_cast<Index>(n));
    const BalanceWindow past = pass.windows.empty() ? make_balance_window(config) : pass.windows[l];
    Routed routed = config.hierarchical() ? hierarchy(l, config, x, z, past, decisions)
                                          : gate(l, "", config.primary_gate(), x, z, decisions);
    if (!config.hierarchical())
      for (std::size_t e = 0; e < experts; ++e) routed.load[e] += past.load[e];
    Row importance = past.importance;
    Rows y;
    for (std::size_t n = 0; n < x.size(); ++n) {
      Row sum(x[n].size());
      const auto add = [&](double weight, const Row& out) {
        for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += weight * out[i];
      };
      for (std::size_t e = 0; e < experts; ++e) {
        importance[e] += routed.gates[n][e];
        if (routed.chosen[n][e])
          add(routed.gates[n][e] * output_factor(l, pass, n, e),
              expert(l, "experts." + std::to_string(e), units_of(l, config, pass, n, e), x[n], decisions));
      }
      for (std::size_t s = 0; s < static_cast<std::size_t>(config.shared); ++s)
        add(1, expert(l, "shared." + std::to_string(s), units_of(l, config, pass, n, experts + s), x[n], decisions));
      if (config.output == MoeOutput::sigmoid)
        for (double& v : sum) v = sigmoid(v);
      y.push_back(sum);
    }
    if (config.has_gate()) balance += (1 + past.steps) * config.w_importance * cv_squared_plain(importance);
    if (config.smooth_load()) balance += (1 + past.steps) * config.w_load * cv_squared_plain(routed.load);
    if (config.w_switch > 0 || config.w_z > 0) balance += auxiliary(l, config, x, routed);
    return y;
  }

  /// Equations 12 and 14: primary gates times the secondary gates of the rows sent to a group.
  Routed hierarchy(std::size_t l, const MoeConfig& config, const Rows& x, const Rows& z, const BalanceWindow& past,
                   ReferenceDecisions& decisions) const {
    const auto experts = static_cast<std::size_t>(config.experts), groups = static_cast<std::size_t>(config.groups);
    const std::size_t in_group = experts / groups;
    const auto part = [](const Row& row, std::size_t begin, std::size_t count) {
      return row.empty() ? Row()
                         : Row(row.begin() + static_cast<std::ptrdiff_t>(begin),
                               row.begin() + static_cast<std::ptrdiff_t>(begin + count));
    };
    Rows z_primary;
    for (const Row& row : z) z_primary.push_back(part(row, experts, groups));
    const Routed primary = gate(l, "primary.", config.primary_gate(), x, z_primary, decisions);
    Routed out{Rows(x.size(), Row(experts)), std::vector<std::vector<bool>>(x.size(), std::vector<bool>(experts)),
               Row(experts)};
    for (std::size_t g = 0; g < groups; ++g) {
      std::vector<std::size_t> rows;
      Rows xs, zs;
      for (std::size_t n = 0; n < x.size(); ++n)
        if (primary.chosen[n][g]) {
          rows.push_back(n);
          xs.push_back(x[n]);
          zs.push_back(part(z[n], g * in_group, in_group));
        }
      const Routed group = gate(l, "groups." + std::to_string(g) + ".", config.secondary_gate(), xs, zs, decisions);
      for (std::size_t j = 0; j < in_group; ++j) {
        for (std::size_t r = 0; r < rows.size(); ++r) {
          out.gates[rows[r]][g * in_group + j] = primary.gates[rows[r]][g] * group.gates[r][j];
          out.chosen[rows[r]][g * in_group + j] = group.chosen[r][j];
        }
        const double size = static_cast<double>(rows.size()) + past.group_rows[g];
        if (size > 0)
          out.load[g * in_group + j] =
              (primary.load[g] + past.primary_load[g]) * (group.load[j] + past.secondary_load[g * in_group + j]) / size;
      }
    }
    return out;
  }

  /// One gate over rows x with draws z (empty: none).
  Routed gate(std::size_t l, const std::string& level, const GateConfig& config, const Rows& x, const Rows& z,
              ReferenceDecisions& decisions) const {
    const auto experts = static_cast<std::size_t>(config.experts);
    Routed out{Rows(x.size(), Row(experts)), std::vector<std::vector<bool>>(x.size(), std::vector<bool>(experts)),
               Row(experts)};
    if (config.kind == GateKind::balanced && config.has_gate()) {
      balanced(l, level, config, x, decisions, out);
    } else {
      for (std::size_t n = 0; n < x.size(); ++n) {
        if (!config.has_gate() || config.kind == GateKind::softmax) {
          out.gates[n] = config.has_gate() ? softmax(times(tensor(l, level + "gate.weight"), x[n])) : Row(1, 1.0);
          out.chosen[n].assign(experts, true);
        } else {
          top_k(l, level, config, x[n], z[n], decisions, n, out);
        }
      }
    }
    if (!config.smooth_load())
      for (const auto& chosen : out.chosen)
        for (std::size_t i = 0; i < experts; ++i) out.load[i] += chosen[i] ? 1 : 0;
    return out;
  }

  /// Equations 3 to 5, and 9 into the load, or the sigmoid of each chosen logit: row n of `out`.
  void top_k(std::size_t l, const std::string& level, const GateConfig& config, const Row& x, const Row& z,
             ReferenceDecisions& decisions, std::size_t n, Routed& out) const {
    const Row clean = times(tensor(l, level + "gate.weight"), x);
    const Row bias = has(l, level + "gate.bias") ? tensor(l, level + "gate.bias").values : Row(clean.size());
    Row deviation(clean.size()), h = clean;
    if (config.noisy()) {
      const Row raw = times(tensor(l, level + "noise.weight"), x);
      for (std::size_t i = 0; i < h.size(); ++i) {
        deviation[i] = std::log(1 + std::exp(raw[i])) + config.noise_epsilon;
        if (!z.empty()) h[i] += z[i] * deviation[i];
      }
    }
    Row biased = h;
    for (std::size_t i = 0; i < h.size(); ++i) biased[i] += bias[i];
    const auto k = static_cast<std::size_t>(config.k);
    const std::vector<std::size_t> order = decisions.order(biased, k);
    double sum = 0;
    for (std::size_t j = 0; j < k; ++j) sum += std::exp(h[order[j]]);
    for (std::size_t j = 0; j < k; ++j) {
      out.gates[n][order[j]] =
          config.kind == GateKind::sigmoid ? 1 / (1 + std::exp(-h[order[j]])) : std::exp(h[order[j]]) / sum;
      out.chosen[n][order[j]] = true;
    }
    if (!config.smooth_load()) return;
    for (std::size_t i = 0; i < h.size(); ++i) {
      // The k-th greatest of the others: the (k+1)-th of all if i is among the k greatest, else the k-th.
      const double threshold = biased[order[out.chosen[n][i] ? k : k - 1]] - bias[i];
      out.load[i] += 0.5 * (1 + std::erf((clean[i] - threshold) / deviation[i] / std::sqrt(2.0)));
    }
  }

  /// Equations 16 and 18: every expert takes its best rows.
  void balanced(std::size_t l, const std::string& level, const GateConfig& config, const Rows& x,
                ReferenceDecisions& decisions, Routed& out) const {
    Rows scores;
    for (const Row& row : x) scores.push_back(softmax(times(tensor(l, level + "gate.weight"), row)));
    const auto m = static_cast<std::size_t>(config.k) * x.size() / static_cast<std::size_t>(config.experts);
    for (std::size_t i = 0; i < static_cast<std::size_t>(config.experts); ++i) {
      Row column;
      for (const Row& row : scores) column.push_back(row[i]);
      const std::vector<std::size_t>& order = decisions.order(column, m);
      for (std::size_t j = 0; j < m; ++j) out.chosen[order[j]][i] = true;
    }
    for (std::size_t n = 0; n < x.size(); ++n) {
      double sum = 0;
      for (std::size_t i = 0; i < scores[n].size(); ++i) sum += out.chosen[n][i] ? scores[n][i] : 0;
      for (std::size_t i = 0; i < scores[n].size(); ++i)
        if (out.chosen[n][i]) out.gates[n][i] = scores[n][i] / sum;
    }
  }

  /// Switch loss and z-loss of a flat gate.
  double auxiliary(std::size_t l, const MoeConfig& config, const Rows& x, const Routed& routed) const {
    const auto experts = static_cast<std::size_t>(config.experts);
    Row count(experts), mean(experts);
    double pairs = 0, z = 0;
    for (std::size_t n = 0; n < x.size(); ++n) {
      const Row logits = times(tensor(l, "gate.weight"), x[n]), p = softmax(logits);
      double sum = 0;
      for (std::size_t i = 0; i < experts; ++i) {
        count[i] += routed.chosen[n][i] ? 1 : 0;
        pairs += routed.chosen[n][i] ? 1 : 0;
        mean[i] += p[i] / static_cast<double>(x.size());
        sum += std::exp(logits[i]);
      }
      z += std::log(sum) * std::log(sum) / static_cast<double>(x.size());
    }
    double loss = config.w_z * z;
    for (std::size_t i = 0; i < experts; ++i)
      loss += config.w_switch * static_cast<double>(experts) * count[i] / pairs * mean[i];
    return loss;
  }

  static Row softmax(Row v) {
    double sum = 0;
    for (double& a : v) sum += a = std::exp(a);
    for (double& a : v) a /= sum;
    return v;
  }

  static double output_factor(std::size_t l, const ReferencePass& pass, std::size_t n, std::size_t e) {
    if (pass.outputs.empty() || pass.outputs[l].empty()) return 1;
    return pass.outputs[l](static_cast<Index>(n), static_cast<Index>(e));
  }

  /// Factors on the units of the hidden layers for row n and expert e, shared experts behind the others.
  static Rows units_of(std::size_t l, const MoeConfig& config, const ReferencePass& pass, std::size_t n,
                       std::size_t e) {
    Rows units;
    const auto experts = static_cast<std::size_t>(config.experts + config.shared);
    for (std::size_t j = 0; j < config.hidden.size(); ++j)
      units.push_back(pass.hidden.empty() || pass.hidden[l].empty()
                          ? Row(static_cast<std::size_t>(config.hidden[j]), 1.0)
                          : row_of(pass.hidden[l][j], static_cast<Index>(n * experts + e)));
    return units;
  }

  Row expert(std::size_t l, const std::string& name, const Rows& units, Row x, ReferenceDecisions& decisions) const {
    for (std::size_t j = 0; j <= units.size(); ++j) {
      x = times(tensor(l, name + ".weight_" + std::to_string(j)), x);
      for (std::size_t i = 0; j < units.size() && i < x.size(); ++i)
        x[i] = decisions.positive(x[i]) ? x[i] * units[j][i] : 0;
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

  /// The logits of ids first ... end - 1 by the table of the embedding.
  Row tied_logits(Index first, Index end, const Row& x) const {
    const Row all = times(tensor(0, "weight"), x);
    return {all.begin() + first, all.begin() + std::min<Index>(end, static_cast<Index>(all.size()))};
  }

  /// Head and cluster of an adaptive softmax.
  double adaptive_nll_of(const std::vector<Index>& cutoffs, const Row& x, Index target) const {
    const std::size_t last = config_.layers.size() - 1;
    Row head = times(tensor(last, "head.weight"), x);
    if (config_.tied) {
      const Row tokens = tied_logits(0, cutoffs[0], x);
      head.insert(head.begin(), tokens.begin(), tokens.end());
    }
    for (std::size_t v = 0; v < head.size(); ++v) head[v] += tensor(last, "head.bias").values[v];
    head = softmax(head);
    std::size_t cluster = 0;
    while (cluster < cutoffs.size() && target >= cutoffs[cluster]) ++cluster;
    if (cluster == 0) return -std::log(head[static_cast<std::size_t>(target)]);
    const std::string tail = "tail." + std::to_string(cluster - 1) + ".";
    const Index end = cluster < cutoffs.size() ? cutoffs[cluster] : std::numeric_limits<Index>::max();
    const Row p =
        softmax(config_.tied ? tied_logits(cutoffs[cluster - 1], end, x)
                             : times(tensor(last, tail + "weight"), times(tensor(last, tail + "projection"), x)));
    return -std::log(head[static_cast<std::size_t>(cutoffs[0]) + cluster - 1] *
                     p[static_cast<std::size_t>(target - cutoffs[cluster - 1])]);
  }

  double nll_of(const Row& x, std::int32_t target) const {
    const std::size_t last = config_.layers.size() - 1;
    const std::vector<Index>& cutoffs = std::get<SoftmaxConfig>(config_.layers[last]).cutoffs;
    if (!cutoffs.empty()) return adaptive_nll_of(cutoffs, x, target);
    Row logits = times(tensor(config_.tied ? 0 : last, "weight"), x);
    double sum = 0;
    for (std::size_t v = 0; v < logits.size(); ++v) sum += std::exp(logits[v] += tensor(last, "bias").values[v]);
    return std::log(sum) - logits[static_cast<std::size_t>(target)];
  }

  ModelConfig config_;
};

}  // namespace moelm
