// Reads the rows that --per-token writes: line, position, token, log10 probability.
#pragma once

#include <string>

#include "comparison/token_scores.hpp"

namespace moelm {

/// Reads all rows of a file (plain or compressed) or of standard input ("-"). Error(bad_data) names the row, what was
/// expected and what was found; Error(diverged) where the perplexity is no finite number. Rows come in the order of the
/// text: each is after the one before by line and position.
TokenScores read_token_rows(const std::string& path);

}  // namespace moelm
