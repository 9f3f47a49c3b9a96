// Whether two tokenizers give every text the same ids.
#pragma once

#include "tokenizer/tokenizer.hpp"

namespace moelm {

/// Whether every id stands for the same token in both, and both cut every text into the same tokens. Thread-safe.
bool equal_tokens(const Tokenizer& a, const Tokenizer& b);

/// "text in lower case, 9,069 tokens".
std::string describe_tokenizer(const Tokenizer& tokenizer);

}  // namespace moelm
