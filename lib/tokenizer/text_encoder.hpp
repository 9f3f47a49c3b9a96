// A text encoded in pieces: what every command does at its start, at the ends of its lines and at its end.
#pragma once

#include <string_view>

#include "tokenizer/tokenizer.hpp"

namespace moelm {

/// Appends the tokens of the next piece of a text, cut as text_cut does. Where the piece starts the text, a byte order
/// mark is counted; it is also dropped, unless the tokenizer keeps bytes. Thread-safe.
void encode_piece(const Tokenizer& tokenizer, std::string_view piece, bool starts_text, EncodedText& out);

/// What is known of the end of a text after some of its pieces.
class OpenDocument {
 public:
  /// Takes the next piece, which encode_piece() has appended to an empty `piece`.
  void add(const EncodedText& piece);

  /// Whether the last line has no line end yet. A byte order mark alone is not a line.
  bool line_open() const { return line_open_; }

  /// Ends the line that is open, if one is.
  void end_line(const Tokenizer& tokenizer, EncodedText& out);
  /// Ends the text: its open line, then the document. A text without tokens is not a document.
  void end(const Tokenizer& tokenizer, EncodedText& out);

 private:
  bool line_open_ = false, has_tokens_ = false;
};

}  // namespace moelm
