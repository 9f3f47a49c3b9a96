// Interpolated modified Kneser-Ney n-grams (Chen and Goodman 1998) over token ids: the yardstick beside our models.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/index.hpp"
#include "ngram/ngram_table.hpp"

namespace moelm {

/// A language model of lines. No n-gram crosses the beginning of a line, which is a symbol of its own and never
/// predicted. All n-grams are held in memory, about 60 bytes each. Const functions are thread-safe.
class KneserNey {
 public:
  /// REQUIRES 1 <= order <= 8. Tokens are 0 ... vocabulary_size - 1.
  KneserNey(int order, Index vocabulary_size);

  /// Counts one line, its end-of-line token included as the last.
  void count(std::span<const std::int32_t> line);
  /// Ends counting: computes discounts and the sums of every context.
  void finish();

  /// P(token | the tokens of the line so far). REQUIRES finish().
  double probability(std::span<const std::int32_t> line_so_far, std::int32_t token) const;
  /// Sum of ln P over all tokens of a line, in nats.
  double log_probability(std::span<const std::int32_t> line) const;

  /// Number of different n-grams of every order together.
  Index ngrams() const { return table_.size() - 1; }
  /// D1, D2 and D3+ of an order, 1 ... order.
  std::array<double, 3> discounts(int order) const { return discounts_[order]; }

 private:
  struct Counts {
    std::uint32_t occurrences = 0;
    std::uint32_t left_neighbours = 0;  ///< different tokens seen before this n-gram
  };
  struct Context {
    double total = 0;                          ///< of the adjusted counts of what follows
    std::array<std::uint32_t, 3> followers{};  ///< how many of them have adjusted count 1, 2, and 3 or more
  };

  std::uint32_t add(std::uint32_t context, std::int32_t token, std::uint32_t suffix);
  std::uint32_t adjusted_count(std::uint32_t node) const;
  double discount(std::uint32_t node) const;
  void extend(std::int32_t token);

  int order_;
  Index vocabulary_size_;
  std::int32_t begin_;  ///< the symbol before the first token of a line
  NgramTable table_;
  std::vector<Counts> counts_;
  std::vector<Context> contexts_;
  std::vector<std::array<double, 3>> discounts_;
  std::vector<std::uint32_t> recent_;  ///< while counting: n-grams that end at the last token, shortest first
};

}  // namespace moelm
