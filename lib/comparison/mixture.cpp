#include "comparison/mixture.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.hpp"

namespace moelm {

namespace {

/// The probabilities of every token, divided by the highest of them so that none is lost by rounding to zero.
class ScaledProbabilities {
 public:
  explicit ScaledProbabilities(ComponentScores scores) : components_(scores.size()) {
    ensure(!scores.empty(), "a mixture has a component");
    const std::size_t tokens = scores[0].size();
    ensure(tokens > 0, "a mixture is fitted to some tokens");
    values_.reserve(tokens * components_);
    best_.reserve(tokens);
    for (std::size_t t = 0; t < tokens; ++t) {
      double best = std::numeric_limits<double>::infinity();
      for (const auto& of_component : scores) best = std::min(best, of_component[t]);
      for (const auto& of_component : scores) values_.push_back(std::exp(best - of_component[t]));
      best_.push_back(best);
    }
  }

  std::size_t tokens() const { return best_.size(); }
  /// Of token t, one of each component; ln p = ln value - best(t).
  std::span<const double> row(std::size_t t) const { return {values_.data() + t * components_, components_}; }
  double best(std::size_t t) const { return best_[t]; }

 private:
  std::size_t components_;
  std::vector<double> values_, best_;
};

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t k = 0; k < a.size(); ++k) sum += a[k] * b[k];
  return sum;
}

double mean_log_likelihood(const ScaledProbabilities& p, std::span<const double> weights) {
  double sum = 0;
  for (std::size_t t = 0; t < p.tokens(); ++t) sum += std::log(dot(weights, p.row(t))) - p.best(t);
  return sum / static_cast<double>(p.tokens());
}

/// One step of EM: the new weight of a component is its mean posterior probability.
std::vector<double> step(const ScaledProbabilities& p, std::span<const double> weights) {
  std::vector<double> next(weights.size());
  for (std::size_t t = 0; t < p.tokens(); ++t) {
    const std::span<const double> row = p.row(t);
    const double sum = dot(weights, row);
    for (std::size_t k = 0; k < next.size(); ++k) next[k] += weights[k] * row[k] / sum;
  }
  double total = 0;
  for (const double w : next) total += w;
  for (double& w : next) w /= total;
  return next;
}

}  // namespace

MixtureFit fit_mixture(ComponentScores scores, const MixtureOptions& options) {
  const ScaledProbabilities p(scores);
  MixtureFit fit;
  fit.weights.assign(scores.size(), 1 / static_cast<double>(scores.size()));
  fit.log_likelihood.push_back(mean_log_likelihood(p, fit.weights));
  while (!fit.converged && fit.steps() < options.max_steps) {
    std::vector<double> next = step(p, fit.weights);
    const double reached = mean_log_likelihood(p, next), gain = reached - fit.log_likelihood.back();
    fit.converged = gain <= options.tolerance;
    if (gain < 0) break;  // rounding: the weights before were as good
    fit.weights = std::move(next);
    fit.log_likelihood.push_back(reached);
  }
  return fit;
}

std::vector<double> mixture_scores(std::span<const double> weights, ComponentScores scores) {
  ensure(weights.size() == scores.size(), "a weight for each component");
  const ScaledProbabilities p(scores);
  std::vector<double> mixed;
  mixed.reserve(p.tokens());
  for (std::size_t t = 0; t < p.tokens(); ++t) mixed.push_back(p.best(t) - std::log(dot(weights, p.row(t))));
  return mixed;
}

}  // namespace moelm
