#include "comparison/mix_scores.hpp"

#include <cmath>
#include <numeric>

#include "base/check.hpp"
#include "comparison/mixture.hpp"
#include "comparison/same_tokens.hpp"
#include "tokenizer/equal_tokens.hpp"

namespace moelm {

namespace {

/// Error unless every entry has the tokens of the first, and all known tokenizers are the same.
void require_one_text(const std::vector<TokenScores>& scores) {
  const TokenScores* known = nullptr;
  for (const TokenScores& other : scores) {
    if (known == nullptr && other.tokenizer() != nullptr) known = &other;
    if (known != nullptr && other_tokenizers(*known, other))
      throw Error(Exit::bad_config, other.name() + ": tokenizer: expected that of " + known->name() + " (" +
                                        describe_tokenizer(*known->tokenizer()) + "), found another (" +
                                        describe_tokenizer(*other.tokenizer()) +
                                        "); only probabilities of the same tokens can be mixed");
    require_same_tokens(scores[0], other);
  }
}

std::vector<std::vector<double>> all_nll(const std::vector<TokenScores>& scores) {
  std::vector<std::vector<double>> all;
  for (const TokenScores& of_component : scores) all.push_back(of_component.nll());
  return all;
}

double perplexity_of(const std::vector<double>& nll) {
  return std::exp(std::accumulate(nll.begin(), nll.end(), 0.0) / static_cast<double>(nll.size()));
}

}  // namespace

double Mixture::sum_nll() const { return std::accumulate(nll.begin(), nll.end(), 0.0); }

double Mixture::perplexity() const { return perplexity_of(nll); }

Mixture mix_scores(const std::vector<TokenScores>& tuning, const std::vector<TokenScores>& scores) {
  ensure(!scores.empty() && tuning.size() == scores.size(), "each component has scores on both texts");
  require_one_text(tuning);
  require_one_text(scores);
  const auto tuning_nll = all_nll(tuning), nll = all_nll(scores);
  const MixtureFit fit = fit_mixture(tuning_nll);
  Mixture m;
  m.text = scores[0].text();
  m.tuned_on = tuning[0].text();
  m.tokens = scores[0].tokens();
  m.tuned_tokens = tuning[0].tokens();
  for (std::size_t k = 0; k < scores.size(); ++k)
    m.components.push_back(
        {scores[k].name(), scores[k].policy(), fit.weights[k], perplexity_of(tuning_nll[k]), perplexity_of(nll[k])});
  m.steps = fit.steps();
  m.converged = fit.converged;
  m.perplexity_tuned = std::exp(-fit.log_likelihood.back());
  m.nll = mixture_scores(fit.weights, nll);
  return m;
}

}  // namespace moelm
