// A tokenizer in the terms of a Hugging Face tokenizer.json (https://github.com/huggingface/tokenizers).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "io/json.hpp"
#include "tokenizer/bpe_tokenizer.hpp"

namespace moelm {

/// Printable characters for bytes, one for each, as the ByteLevel kinds write their tokens.
std::string byte_level_text(std::string_view bytes);

/// The bytes of such a text; nothing if it holds any other character. Thread-safe.
std::optional<std::string> bytes_of_byte_level(std::string_view text);

/// `name`, or a longer name that no token has, except perhaps the one with the id `owner`.
std::string unused_name(const Tokenizer& tokenizer, std::string name, std::int32_t owner = -1);

/// What is done to a text before it is cut. `foreign_end` replaces a word `</s>` of the text itself, which is unknown.
/// null for byte and bpe.
Json hugging_face_normalizer(TokenizerKind kind, bool lowercase, const std::string& foreign_end);

/// How a text is cut into words, as a regular expression. Ignores `words` unless the kind is bpe.
Json hugging_face_pre_tokenizer(TokenizerKind kind, BpeWords words);

/// The step that turns bytes into characters; with GPT-2's regular expression if `gpt2` is set.
Json byte_level_step(bool gpt2);

/// Whether two values are equal in everything that decides tokens: neither the order of keys nor `trim_offsets`, which
/// only tells where tokens stand.
bool same_rules(const Json& a, const Json& b);

}  // namespace moelm
