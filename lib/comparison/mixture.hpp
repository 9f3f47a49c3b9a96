// Static linear interpolation of models, p = sum of w_k p_k, and its weights by expectation-maximisation (Jelinek and
// Mercer 1980).
#pragma once

#include <span>
#include <vector>

#include "base/index.hpp"

namespace moelm {

/// `scores[k][t]` = -ln p_k(token t), in nats, finite: the scores of component k on the same tokens.
using ComponentScores = std::span<const std::vector<double>>;

struct MixtureOptions {
  Index max_steps = 10'000;
  double tolerance = 1e-13;  ///< nats a token: a smaller gain of a step ends the search
};

struct MixtureFit {
  std::vector<double> weights;  ///< of the components; their sum is 1
  /// Nats a token, of the equal weights at the start and after each step. Never falls.
  std::vector<double> log_likelihood;
  bool converged = false;

  Index steps() const { return static_cast<Index>(log_likelihood.size()) - 1; }
};

/// The weights that make the tokens most probable. The log-likelihood is concave in them, so there is one maximum, and
/// every step of EM comes nearer to it. REQUIRES a component and a token. Thread-safe.
MixtureFit fit_mixture(ComponentScores scores, const MixtureOptions& options = {});

/// -ln p of every token under the mixture, in nats. Thread-safe.
std::vector<double> mixture_scores(std::span<const double> weights, ComponentScores scores);

}  // namespace moelm
