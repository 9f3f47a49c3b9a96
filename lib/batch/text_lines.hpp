// The lines of a text file or pipe, tokenized as they are read.
#pragma once

#include "batch/line_source.hpp"
#include "data/text_facts.hpp"
#include "text/text_source.hpp"
#include "tokenizer/text_encoder.hpp"

namespace moelm {

/// A last line without a line end counts like the others. From a pipe, next() reads only as much as it needs. Memory is
/// bounded for lines of any length. Source and tokenizer must outlive it.
class TextLines final : public LineSource {
 public:
  TextLines(TextSource& source, const Tokenizer& tokenizer, StateKind state, bool keep_surface = false);

  bool next(LinePart& part) override;
  bool ready() override;
  /// Facts of the text that was read so far: of all of it once next() returned false.
  const TextFacts& facts() const { return facts_; }

 private:
  std::string_view unread() const { return std::string_view(buffer_).substr(at_); }
  bool read_more();
  bool encode_next();
  void encode(std::size_t bytes);
  void end_text();
  void finish_line();
  void take(LinePart& part);

  TextSource& source_;
  const Tokenizer& tokenizer_;
  bool every_line_ends_;
  std::string buffer_;  // bytes from at_ on are not encoded yet
  std::size_t at_ = 0;
  bool source_ended_ = false, ended_ = false;
  OpenDocument document_;
  EncodedText encoded_;  // tokens from taken_ on were not given out yet
  std::size_t taken_ = 0;
  Index last_line_ = 0;         // tokens of the line that was finished last
  bool document_end_ = false;   // the tokens to be given out are a document's end alone
  Index line_ = 0, first_ = 0;  // finished lines that were given out, tokens given out of the present one
  TextFacts facts_;
};

}  // namespace moelm
