// The model's scores of the hypotheses of a list, in which shared prefixes are computed once.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "config/train_config.hpp"
#include "data/text_facts.hpp"
#include "evaluation/predictor.hpp"
#include "rescoring/prefix_tree.hpp"
#include "tokenizer/tokenizer.hpp"

namespace moelm {

/// About how many hypotheses make one tree; its states are in memory at once.
inline constexpr std::size_t kTreeHypotheses = 1024;

struct HypothesisScore {
  double nll = 0;  ///< -ln p of all its tokens, the end of the sentence included
  Index tokens = 0;
  Index unknown_words = 0;  ///< words that the vocabulary lacks
};

/// Each hypothesis is scored as a line of moe-eval: in state reset from the zero state, in state carry from the state
/// that advance() has left. Not thread-safe.
class NbestScorer {
 public:
  /// Both must outlive it.
  NbestScorer(Predictor& predictor, const Tokenizer& tokenizer, StateKind state);

  /// The score of every text, a line without its line end. Memory grows with the texts and with kTreeHypotheses.
  std::vector<HypothesisScore> score(std::span<const std::string_view> texts);

  /// In state carry: goes on after this text of the last score(). In state reset: nothing.
  void advance(std::size_t text);

  /// Sums over all lists: tokens of the hypotheses, and those that were computed.
  Index tokens() const { return tokens_; }
  Index computed() const { return computed_; }
  /// What the texts of all lists hold besides their tokens.
  const TextFacts& facts() const { return facts_; }

 private:
  void score_tree(std::span<const std::size_t> texts, std::vector<HypothesisScore>& scores);
  std::vector<std::vector<double>> score_nodes(const PrefixTree& tree);

  Predictor& predictor_;
  const Tokenizer& tokenizer_;
  StateKind kind_;
  ModelState start_;                            // one stream, before previous_ is read
  std::int32_t previous_;                       // the token before every hypothesis
  std::vector<std::vector<std::int32_t>> ids_;  // of the last list
  Index tokens_ = 0, computed_ = 0;
  TextFacts facts_;
};

}  // namespace moelm
