// The scores of a modified Kneser-Ney n-gram on the very tokens that moe-eval scores: the work of moe-ngram.
#pragma once

#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "evaluation/score_sums.hpp"
#include "evaluation/scored_part.hpp"
#include "ngram/kneser_ney.hpp"
#include "text/text_source.hpp"

namespace moelm {

inline constexpr Index kMaxNgramOrder = 8;
inline constexpr Index kDefaultNgramOrder = 5;

/// How a text is scored, and who receives the scores of its parts.
struct NgramScoring {
  bool skip_blank_lines = false;  ///< neither count nor score lines without words, as KenLM does
  bool keep_surface = false;      ///< whether the sink is given the words of the text as they stand there
  ScoredParts sink;               ///< receives parts in the order of the text, none held back if the text has no more
};

/// Counts the training split. REQUIRES 1 <= order <= kMaxNgramOrder.
KneserNey train_ngram(const Dataset& data, Index order, bool skip_blank_lines);

/// Scores a text with the tokenizer of the n-gram's data. Error(bad_data) for a text without tokens, or where the
/// perplexity is not finite.
TextEvaluation score_ngram(const KneserNey& model, const Tokenizer& tokenizer, TextSource& source,
                           const NgramScoring& how);

/// Scores a split, which must have the ids that the n-gram was trained on. Errors as above.
TextEvaluation score_ngram(const KneserNey& model, const Dataset& data, Split split, const NgramScoring& how);

/// Every convention that the scores depend on, in one line: "modified Kneser-Ney 5-gram oov=scored-as-<unk> ...".
std::string ngram_policy(const Tokenizer& tokenizer, Index order, bool skip_blank_lines);

}  // namespace moelm
