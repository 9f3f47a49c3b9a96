// Writes a tokenizer as a Hugging Face tokenizer.json, which gives every text the same tokens with the same ids.
#pragma once

#include <string>

#include "tokenizer/tokenizer.hpp"

namespace moelm {

/// text and word become WordLevel, byte and bpe become BPE with a ByteLevel pre-tokenizer. No token is declared as an
/// added one, which would match `</s>` within a text. A text of byte or bpe is a document: encoding it appends `</s>`.
/// Error(bad_config) for a bpe tokenizer of which two merges give the same bytes: that format has one id for a token.
std::string hugging_face_text(const Tokenizer& tokenizer);

}  // namespace moelm
