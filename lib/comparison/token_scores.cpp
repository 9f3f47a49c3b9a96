#include "comparison/token_scores.hpp"

#include <cmath>
#include <numeric>

namespace moelm {

void TokenScores::add(TokenPlace place, std::string_view token, double nll) {
  const auto [entry, is_new] = numbers_.try_emplace(std::string(token), static_cast<std::uint32_t>(distinct_.size()));
  if (is_new) distinct_.emplace_back(token);
  tokens_.push_back(entry->second);
  places_.push_back(place);
  nll_.push_back(nll);
}

double TokenScores::mean_nll() const {
  return std::accumulate(nll_.begin(), nll_.end(), 0.0) / static_cast<double>(tokens());
}

double TokenScores::perplexity() const { return std::exp(mean_nll()); }

}  // namespace moelm
