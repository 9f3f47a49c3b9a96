// The lines of a text file or pipe, tokenised as they are read.
#pragma once

#include "batch/line_source.hpp"
#include "text/text_source.hpp"
#include "tokenizer/tokenizer.hpp"

namespace moelm {

/// What a text is, apart from its tokens' scores.
struct TextFacts {
  Index lines = 0;
  Index words = 0;
  Index unknown_words = 0;    ///< words that the vocabulary lacks
  Index literal_unknown = 0;  ///< `<unk>` in the text itself
  Index bytes = 0;            ///< of the original text, line ends included
  TextFaults faults;
  bool lossless = true;  ///< whether the tokens tell the text: no unknown words, no case, white space or byte lost
  Index marks = 0;       ///< `<s>`, `</s>` and `<unk>` that were read as words
};

/// A last line without a line end counts like the others. From a pipe, next() reads no more than it needs. Memory is
/// bounded, whatever the length of the lines. Refers to source and tokenizer, which must outlive it.
class TextLines final : public LineSource {
 public:
  TextLines(TextSource& source, const Tokenizer& tokenizer, StateKind state, bool keep_surface = false);

  bool next(LinePart& part) override;
  bool ready() override;
  /// Facts of the text that was read so far; all of it after next() said false.
  TextFacts facts() const;

 private:
  std::string_view unread() const { return std::string_view(buffer_).substr(at_); }
  bool read_more();
  bool encode_piece();
  void encode(std::size_t bytes);
  void end_text();
  void finish_line();
  void take(LinePart& part);
  void skip_byte_order_mark();

  TextSource& source_;
  const Tokenizer& tokenizer_;
  bool every_line_ends_;
  std::string buffer_;  // bytes from at_ on are not encoded yet
  std::size_t at_ = 0;
  bool started_ = false, source_ended_ = false, ended_ = false;
  EncodedText encoded_;  // tokens from taken_ on were not given out yet
  std::size_t taken_ = 0;
  bool line_open_ = false;  // the tokens encoded last are not the end of a line
  Index last_line_ = 0;     // tokens of the line that was finished last
  bool plain_spaces_ = true;
  bool document_end_ = false;   // the tokens to be given out are a document's end alone
  Index line_ = 0, first_ = 0;  // finished lines that were given out, tokens given out of the present one
  TextFacts facts_;
};

}  // namespace moelm
