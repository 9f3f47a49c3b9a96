// The units of a paired comparison: the tokens of a text, or its lines if the tokenizers of two models differ.
#pragma once

#include <optional>
#include <vector>

#include "comparison/token_scores.hpp"

namespace moelm {

enum class UnitKind {
  token,  ///< weight 1
  line,   ///< weight: its words, and 1 for its end
};

/// The units of a text in order.
struct Units {
  UnitKind kind = UnitKind::token;
  std::vector<double> weights;       ///< one per unit
  std::vector<Index> token_ends;     ///< one per unit: tokens up to its end
  std::vector<Index> document_ends;  ///< one per document: units up to its end. Blank lines and `</s>` of bytes end it
  std::vector<Index> source_ends;    ///< one per source: units up to its end

  Index size() const { return static_cast<Index>(weights.size()); }
};

Units make_units(const TokenScores& scores, UnitKind kind);

/// Sums of -ln p of the tokens of each unit, in nats.
std::vector<double> unit_nll(const Units& units, const TokenScores& scores);

/// How a text is cut into blocks, which are what the bootstrap draws.
struct Blocks {
  bool documents = false;   ///< whether they are documents
  Index size = 0;           ///< else the weight that a block has at least, but for the last of a source
  std::vector<Index> ends;  ///< units up to the end of each
};

inline constexpr Index kMinDocuments = 10;
inline constexpr Index kDefaultBlock = 2'000;

/// Blocks of `size`; without a size, documents, or blocks of kDefaultBlock where there are fewer than kMinDocuments.
Blocks make_blocks(const Units& units, std::optional<Index> size);

}  // namespace moelm
