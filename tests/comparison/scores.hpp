// Scores of small texts for the tests of comparison.
#pragma once

#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include "comparison/token_scores.hpp"

namespace moelm {

/// Scores of a text of words: every line ends with `</s>`. nll(t) is that of token t.
template <class Nll>
void add_text(const std::string& text, const Nll& nll, TokenScores& scores) {
  std::istringstream lines(text);
  Index number = 0;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    ++number;
    Index position = 0;
    for (std::string word; words >> word;) scores.add({number, ++position}, word, nll(scores.tokens()));
    scores.add({number, ++position}, kEndText, nll(scores.tokens()));
  }
  scores.end_source("source " + std::to_string(scores.sources().size() + 1), scores.tokens());
}

template <class Nll>
TokenScores scores_of_text(const std::string& name, const std::string& text, const Nll& nll) {
  TokenScores scores(name, "a text", "a policy", nullptr);
  add_text(text, nll, scores);
  return scores;
}

}  // namespace moelm
