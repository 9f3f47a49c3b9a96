// The bpe tokenizer: its pieces of words come from bytes by merging the most frequent pairs.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "tokenizer/tokenizer.hpp"

namespace moelm {

/// Two ids whose pieces are joined: merge m makes id 256 + m.
using Merge = std::array<std::int32_t, 2>;

/// The first ids of a bpe vocabulary: one for every byte.
inline constexpr std::int32_t kByteTokens = 256;

/// A limit that keeps a hostile vocabulary from costing more than its file.
inline constexpr Index kMaxMerges = Index{1} << 18;

/// The ids are 256 bytes, the merges, `</s>`. Each merge must join smaller ids and give at most kMaxBpeWordBytes bytes.
/// No pair may be merged twice. `counts` has a number for each token.
std::unique_ptr<Tokenizer> make_bpe_tokenizer(std::vector<Merge> merges, std::vector<Index> counts);

/// The merges of a bpe tokenizer. REQUIRES kind bpe.
const std::vector<Merge>& bpe_merges(const Tokenizer& tokenizer);

}  // namespace moelm
