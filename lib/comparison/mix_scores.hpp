// A mixture of models: its weights are tuned on one text and applied to another.
#pragma once

#include <string>
#include <vector>

#include "comparison/token_scores.hpp"

namespace moelm {

/// A component and its scores alone.
struct MixedComponent {
  std::string name, policy;
  double weight = 0;
  double perplexity_tuned = 0;  ///< on the text that the weights are tuned on
  double perplexity = 0;        ///< on the text
};

struct Mixture {
  std::string text, tuned_on;
  Index tokens = 0, tuned_tokens = 0;
  std::vector<MixedComponent> components;
  Index steps = 0;  ///< of EM
  bool converged = false;
  double perplexity_tuned = 0;
  std::vector<double> nll;  ///< of the mixture on the text, a token each, nats

  double sum_nll() const;
  double perplexity() const;
};

/// Fits the weights on `tuning` and mixes `scores`; both hold one entry per component. Error(bad_data) if tokens do
/// not line up, Error(bad_config) if tokenizers differ. REQUIRES as many of both, at least one.
Mixture mix_scores(const std::vector<TokenScores>& tuning, const std::vector<TokenScores>& scores);

}  // namespace moelm
