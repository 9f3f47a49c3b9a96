// The tokens of a prompt, and what its reader does not know.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/train_config.hpp"
#include "tokenizer/tokenizer.hpp"

namespace moelm {

struct Prompt {
  std::vector<std::int32_t> ids;
  Index words = 0;
  Index unknown_words = 0;           ///< words that the vocabulary lacks
  std::vector<std::string> unknown;  ///< the first of them, each once; any bytes
};

/// Encodes a text that is to be continued: its last line stays open unless it has a line end. In `reset` state every
/// finished line of bytes is a document, as in training.
Prompt encode_prompt(const Tokenizer& tokenizer, std::string_view text, StateKind state);

/// "prompt: 2 of 7 words (28.6 %) ...", or "" where all words are known.
std::string prompt_note(const Prompt& prompt);

}  // namespace moelm
