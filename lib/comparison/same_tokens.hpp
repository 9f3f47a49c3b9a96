// Whether the scores of two models belong to the same tokens, so that they can be paired or mixed.
#pragma once

#include <optional>
#include <string>

#include "comparison/token_scores.hpp"

namespace moelm {

/// Where two scored texts differ first, as "NAME: row 3 (line 1, position 3): expected the token cat as in OTHER, found
/// dog"; nothing if they are the same tokens at the same places.
std::optional<std::string> token_difference(const TokenScores& expected, const TokenScores& found);

/// Error(bad_data) with that message and a hint ("; ..." or "") unless the tokens are the same.
void require_same_tokens(const TokenScores& expected, const TokenScores& found, const std::string& hint = "");

/// Whether both tokenizers are known and give different ids.
bool other_tokenizers(const TokenScores& a, const TokenScores& b);

}  // namespace moelm
