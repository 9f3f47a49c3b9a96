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

/// How a text is cut into words, whose pieces are then merged.
enum class BpeWords {
  runs,  ///< split_bpe
  gpt2,  ///< split_gpt2, for tokenizers that were made elsewhere
};

template <>
struct EnumNames<BpeWords> {
  static constexpr std::array<std::pair<std::string_view, BpeWords>, 2> values = {
      {{"runs", BpeWords::runs}, {"gpt2", BpeWords::gpt2}}};
};

/// The ids are 256 bytes, the merges, `</s>`. Each merge must join smaller ids and give at most kMaxBpeWordBytes bytes.
/// No pair may be merged twice. `counts` has a number for each token.
std::unique_ptr<Tokenizer> make_bpe_tokenizer(std::vector<Merge> merges, std::vector<Index> counts,
                                              BpeWords words = BpeWords::runs);

/// The merges of a bpe tokenizer. REQUIRES kind bpe.
const std::vector<Merge>& bpe_merges(const Tokenizer& tokenizer);

/// How a bpe tokenizer cuts words. REQUIRES kind bpe.
BpeWords bpe_words(const Tokenizer& tokenizer);

/// The pieces that the merges make of one word of at most kMaxBpeWordBytes bytes, even if the word is a token itself.
/// REQUIRES kind bpe.
std::vector<std::int32_t> merged_pieces(const Tokenizer& tokenizer, std::string_view word);

}  // namespace moelm
