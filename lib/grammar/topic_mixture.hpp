// A mixture of topic grammars over one vocabulary: each line follows the chain of a hidden topic. With one topic it is
// a plain order-1 Markov source.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "grammar/chain.hpp"

namespace moelm {

/// One line of text with what produced it.
struct GrammarLine {
  Index topic = 0;
  std::vector<Index> words;  ///< states of the chain, 1 ... words; the end is not among them
};

/// Topics are equally likely and independent from line to line. Immutable, thread-safe.
class TopicMixture {
 public:
  /// All chains have the same words.
  explicit TopicMixture(std::vector<Chain> topics);

  Index topics() const { return static_cast<Index>(topics_.size()); }
  Index words() const { return topics_.front().words(); }
  const Chain& topic(Index t) const { return topics_[t]; }

  /// Line `number` of a split: a function of (stream, number) alone.
  GrammarLine line(const RandomStream& stream, Index number) const;

  /// Probability of every state (0: the line ends) after the words of a line so far; [words + 1], sums to 1.
  std::vector<double> next_probabilities(std::span<const Index> prefix) const;

  /// Natural logarithm of the probability of a line and its end, the topic summed over by forward recursion.
  double log_probability(std::span<const Index> words) const;

 private:
  std::vector<double> posterior(std::span<const Index> prefix) const;

  std::vector<Chain> topics_;
};

/// `topics` random chains of one shape; the same seed gives the same mixture.
TopicMixture random_mixture(const ChainShape& shape, Index topics, std::uint64_t seed);

/// Spelling of a state: two syllables, so that every tokenizer leaves it whole. REQUIRES 1 <= state <= 4900.
std::string grammar_word(Index state);

}  // namespace moelm
