// Classes of predicted tokens: line ends, unknown words, and the others by how often the training text holds them.
#pragma once

#include <string>
#include <vector>

#include "comparison/token_scores.hpp"

namespace moelm {

struct TokenClasses {
  std::vector<std::string> names;
  std::vector<Index> of_token;  ///< class of each distinct token of the scores, by its number
};

/// Classes by the counts of `vocabulary`. Where it has no counts, by rank, which is the id of `text` and `word`.
/// Without a vocabulary (null) the other tokens are one class.
TokenClasses frequency_classes(const TokenScores& scores, const Tokenizer* vocabulary);

}  // namespace moelm
