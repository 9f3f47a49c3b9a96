// Writes a tokenizer as a Hugging Face tokenizer.json, which gives every text the same tokens with the same ids.
#pragma once

#include <string>

#include "tokenizer/tokenizer.hpp"

namespace moelm {

/// text and word become WordLevel, byte and bpe become BPE with a ByteLevel pre-tokenizer. No token is declared as an
/// added one, which would match `</s>` within a text. A text of byte or bpe is a document: encoding it appends `</s>`.
/// Error(bad_config) for a bpe tokenizer of which two merges give the same bytes: that format has one id for a token.
std::string hugging_face_text(const Tokenizer& tokenizer);

/// The tokenizer_config.json beside it, which tells the package transformers how to load it and which tokens end a text
/// and stand for unknown words. That package would match their names within a text and tidy spaces when it decodes; the
/// file forbids both, so that ids and texts stay the same.
std::string hugging_face_config_text(const Tokenizer& tokenizer);

}  // namespace moelm
