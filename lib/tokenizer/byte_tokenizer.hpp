// The byte tokenizer: ids 0 to 255 are the bytes, 256 is `</s>`.
#pragma once

#include <memory>
#include <vector>

#include "tokenizer/tokenizer.hpp"

namespace moelm {

inline constexpr Index kByteVocabulary = 257;

/// `counts` [257]: how often the training text holds each token.
std::unique_ptr<Tokenizer> make_byte_tokenizer(std::vector<Index> counts);

}  // namespace moelm
