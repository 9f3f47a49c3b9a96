// What the byte and bpe tokenizers share: their tokens are pieces of the unchanged bytes of a text.
#pragma once

#include <cstdint>
#include <string_view>

#include "tokenizer/encoded_text.hpp"
#include "tokenizer/words.hpp"

namespace moelm {

inline void push_piece(std::int32_t id, std::string_view bytes, EncodedText& out) {
  out.ids.push_back(id);
  out.flags.push_back(TokenFlag::plain);
  if (out.keep_surface) push_surface(bytes, out);
}

/// Counts the words and faults of a text whose bytes are kept.
inline void measure_kept_bytes(std::string_view text, EncodedText& out) {
  out.words += count_space_separated(text);
  count_text_faults(text, out.faults);
}

/// Appends `</s>` to the last line.
inline void push_document_end(std::int32_t end_id, EncodedText& out) {
  push_piece(end_id, "", out);
  if (!out.line_ends.empty() && out.line_ends.back() + 1 == out.tokens()) ++out.line_ends.back();
}

}  // namespace moelm
