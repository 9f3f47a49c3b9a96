// The bpe tokenizer: pieces of words that grew out of bytes by merging the most frequent pairs.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "tokenizer/tokenizer.hpp"

namespace moelm {

/// The ids whose pieces, one after the other, make the piece of the next id: merge m makes id 256 + m.
using Merge = std::array<std::int32_t, 2>;

/// The first ids of a bpe vocabulary: one for every byte.
inline constexpr std::int32_t kByteTokens = 256;

/// A limit that keeps a hostile vocabulary from costing more than its file.
inline constexpr Index kMaxMerges = Index{1} << 18;

/// Ids: 256 bytes, then the merges, then `</s>`. Each merge must join smaller ids, give at most kLongestBpeWord bytes,
/// and no two may give the same pair; `counts` holds one number a token.
std::unique_ptr<Tokenizer> make_bpe_tokenizer(std::vector<Merge> merges, std::vector<Index> counts);

/// The merges of a bpe tokenizer. REQUIRES kind bpe.
const std::vector<Merge>& bpe_merges(const Tokenizer& tokenizer);

}  // namespace moelm
