// The perplexity of a modified Kneser-Ney n-gram on the very tokens that moe-eval scores: the work of moe-ngram.
#pragma once

#include "data/dataset.hpp"

namespace moelm {

inline constexpr Index kMaxNgramOrder = 8;

struct NgramOptions {
  Index order = 5;  ///< longest n-gram, 1 to kMaxNgramOrder
  Split split = Split::test;
  bool skip_blank_lines = false;  ///< neither count nor score lines without words, as KenLM does
};

struct NgramEvaluation {
  Index ngrams = 0;  ///< different n-grams of every order together
  Index tokens = 0;  ///< scored
  double nll = 0;    ///< nats

  double perplexity() const;
};

/// Counts the training split and scores another one. Error(bad_data) for a split without tokens, or where the
/// perplexity is no finite number.
NgramEvaluation evaluate_ngram(const Dataset& data, const NgramOptions& options);

}  // namespace moelm
