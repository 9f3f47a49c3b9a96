#include "tokenizer/text_encoder.hpp"

namespace moelm {

void encode_piece(const Tokenizer& tokenizer, std::string_view piece, bool starts_text, EncodedText& out) {
  if (starts_text && piece.starts_with(kByteOrderMark)) {
    ++out.faults.byte_order_marks;
    if (!tokenizer.keeps_bytes()) {
      piece = without_byte_order_mark(piece);
      out.bytes += static_cast<Index>(kByteOrderMark.size());
    }
  }
  tokenizer.encode(piece, out);
}

void OpenDocument::add(const EncodedText& piece) {
  if (piece.bytes > 0) line_open_ = piece.in_line;
  has_tokens_ = has_tokens_ || piece.tokens() > 0;
}

void OpenDocument::end_line(const Tokenizer& tokenizer, EncodedText& out) {
  if (!line_open_) return;
  tokenizer.end_line(out);
  line_open_ = false;
  has_tokens_ = true;
}

void OpenDocument::end(const Tokenizer& tokenizer, EncodedText& out) {
  end_line(tokenizer, out);
  if (has_tokens_) tokenizer.end_document(out);
}

}  // namespace moelm
