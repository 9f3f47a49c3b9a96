// An order-1 Markov chain over the words of a line whose probabilities are multiples of 1/4096, so that all is exact.
#pragma once

#include <cstdint>
#include <vector>

#include "base/index.hpp"
#include "base/random.hpp"

namespace moelm {

/// State 0 is the end of a line, from where every line begins; states 1 ... words are words. Immutable, thread-safe.
class Chain {
 public:
  /// All weights of a state sum to this. A power of two: 12 random bits choose a successor exactly.
  static constexpr int kScaleBits = 12;
  static constexpr std::uint32_t kScale = 1u << kScaleBits;

  /// `weights` is row-major [words + 1, words + 1]: from a state to a state. Every row sums to kScale, and the end does
  /// not follow itself.
  Chain(Index words, std::vector<std::uint16_t> weights);

  Index words() const { return words_; }
  double probability(Index from, Index to) const { return static_cast<double>(weight(from, to)) / kScale; }
  /// The successor that 12 uniform random bits choose.
  Index successor(Index from, std::uint32_t bits) const;
  /// Share of each state among all tokens in the long run, the end of a line included; [words + 1], sums to 1.
  std::vector<double> stationary() const;
  /// Nats a token, the end of a line included: what no model can beat in the long run.
  double entropy_rate() const;

 private:
  std::uint32_t weight(Index from, Index to) const { return weights_[from * (words_ + 1) + to]; }

  Index words_;
  std::vector<std::uint16_t> weights_;
};

/// What a random chain looks like.
struct ChainShape {
  Index words = 200;
  Index successors = 8;    ///< words that may follow a word
  Index line_length = 12;  ///< mean number of words a line, about
};

/// A chain that depends on (stream, number) alone: from every state to `successors` different words with falling
/// weights, and from every word to the end. Different numbers give unrelated chains over the same words.
/// REQUIRES 1 <= successors < words, successors <= 16, 2 <= line_length <= 1000.
Chain random_chain(const ChainShape& shape, const RandomStream& stream, Index number);

}  // namespace moelm
