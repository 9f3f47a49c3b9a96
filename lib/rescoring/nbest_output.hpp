// Rescored lists as text in the form that they came in, as scores alone, as the best hypotheses alone, or as JSON.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "rescoring/nbest_mixture.hpp"
#include "rescoring/nbest_reader.hpp"
#include "rescoring/nbest_scorer.hpp"

namespace moelm {

enum class NbestRows {
  lines,    ///< the lines as they came, with the score added
  replace,  ///< the lines with the score in the place of lscore or score
  scores,   ///< the score alone; behind the id in Kaldi's form
  best,     ///< the words of each list's best hypothesis; behind the id in Kaldi's form
};

/// What the model said of a hypothesis.
struct RescoredHypothesis {
  double score = 0;  ///< log probability of the model in the wanted base
  double total = 0;  ///< the mixture; the same without weights
  Index tokens = 0, unknown_words = 0;
};

struct NbestStyle {
  NbestRows rows = NbestRows::lines;
  bool mixed = false;      ///< whether total differs from score
  bool best_only = false;  ///< with JSON: only the best hypothesis of each list
};

/// The hypothesis with the greatest total, the first of equal ones. REQUIRES at least one.
std::size_t best_of(std::span<const RescoredHypothesis> scores);

/// Appends the lines of a list, with its header and its empty line. Mixed totals follow the score as a column of their
/// own; in Moses's form the total is the score of the last field.
void append_list(const NbestList& list, NbestFormat format, std::span<const RescoredHypothesis> scores,
                 const NbestStyle& style, std::string& out);

/// Appends one JSON object per hypothesis, "type": "hypothesis".
void append_json(const NbestList& list, const std::string& file, std::span<const RescoredHypothesis> scores,
                 const NbestStyle& style, std::string& out);

}  // namespace moelm
