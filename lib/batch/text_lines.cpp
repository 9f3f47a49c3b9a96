#include "batch/text_lines.hpp"

#include <algorithm>

#include "text/text_blocks.hpp"

namespace moelm {

namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 16;
constexpr auto kMostPieceBytes = static_cast<std::size_t>(kTextBlockBytes);

}  // namespace

TextLines::TextLines(TextSource& source, const Tokenizer& tokenizer, StateKind state, bool keep_surface)
    : source_(source), tokenizer_(tokenizer), every_line_ends_(tokenizer.keeps_bytes() && state == StateKind::reset) {
  encoded_.keep_surface = keep_surface;
}

bool TextLines::ready() {
  return taken_ < encoded_.ids.size() || source_ended_ || !source_.is_interactive() ||
         unread().find('\n') != std::string_view::npos || unread().size() >= kMostPieceBytes;
}

bool TextLines::next(LinePart& part) {
  while (taken_ == encoded_.ids.size())
    if (!encode_piece()) return false;
  take(part);
  return true;
}

TextFacts TextLines::facts() const {
  TextFacts facts = facts_;
  facts.lossless = tokenizer_.keeps_bytes() ||
                   (!tokenizer_.lowercase() && facts.unknown_words == 0 && plain_spaces_ && !facts.faults.any());
  return facts;
}

bool TextLines::read_more() {
  buffer_.erase(0, at_);
  at_ = 0;
  const std::size_t kept = buffer_.size();
  buffer_.resize(kept + kReadBytes);
  const std::size_t count = source_.read_some(buffer_.data() + kept, kReadBytes);
  buffer_.resize(kept + count);
  source_ended_ = count == 0;
  return count > 0;
}

/// Encodes the next line, or a part of one that is very long; false at the end of the text.
bool TextLines::encode_piece() {
  encoded_.clear();
  taken_ = 0;
  if (!started_) skip_byte_order_mark();
  std::size_t scanned = 0;
  while (true) {
    const std::size_t line_end = unread().find('\n', scanned);
    const std::size_t line_bytes = line_end == std::string_view::npos ? unread().size() : line_end + 1;
    if (line_bytes >= kMostPieceBytes) {
      encode(text_cut(unread().substr(0, kMostPieceBytes)));
    } else if (line_end != std::string_view::npos) {
      encode(line_bytes);
    } else if (!source_ended_) {
      scanned = unread().size();
      read_more();
      continue;
    } else if (!unread().empty()) {
      encode(unread().size());
      end_text();
    } else {
      if (ended_) return false;
      end_text();
    }
    return true;
  }
}

void TextLines::encode(std::size_t bytes) {
  const std::string_view piece = unread().substr(0, bytes);
  encoded_.in_line = line_open_;
  tokenizer_.encode(piece, encoded_);
  line_open_ = piece.back() != '\n';
  at_ += bytes;
  if (!line_open_) finish_line();
  facts_.words += encoded_.words;
  facts_.unknown_words += encoded_.unknown_words;
  facts_.literal_unknown += encoded_.literal_unknown;
  facts_.bytes += encoded_.bytes;
  facts_.marks += encoded_.marks;
  plain_spaces_ = plain_spaces_ && encoded_.plain_spaces;
  facts_.faults.add(encoded_.faults);
}

void TextLines::end_text() {
  ended_ = true;
  document_end_ = !line_open_;
  if (line_open_) {
    tokenizer_.end_line(encoded_);
    finish_line();
    line_open_ = false;
    if (every_line_ends_) return;
  }
  if (!every_line_ends_) tokenizer_.end_document(encoded_);
}

void TextLines::finish_line() {
  ++facts_.lines;
  if (every_line_ends_) tokenizer_.end_document(encoded_);
}

void TextLines::take(LinePart& part) {
  const std::size_t count = std::min(encoded_.ids.size() - taken_, static_cast<std::size_t>(kMaxPartTokens));
  const auto begin = static_cast<std::ptrdiff_t>(taken_), end = begin + static_cast<std::ptrdiff_t>(count);
  part.ids.assign(encoded_.ids.begin() + begin, encoded_.ids.begin() + end);
  part.flags.assign(encoded_.flags.begin() + begin, encoded_.flags.begin() + end);
  part.surface.clear();
  if (encoded_.keep_surface)
    for (auto i = static_cast<Index>(begin); i < static_cast<Index>(end); ++i)
      part.surface.emplace_back(encoded_.surface_text(i));
  taken_ += count;
  part.document_end = document_end_;
  part.line = document_end_ ? line_ : line_ + 1;
  // What ends a document goes on counting in its last line, so that line and position name one token.
  part.first = document_end_ ? last_line_ : first_;
  part.ends_line = !document_end_ && !line_open_ && taken_ == encoded_.ids.size();
  if (part.ends_line) last_line_ = first_ + static_cast<Index>(count);
  first_ = part.ends_line ? 0 : first_ + static_cast<Index>(count);
  if (part.ends_line) ++line_;
}

void TextLines::skip_byte_order_mark() {
  started_ = true;
  if (tokenizer_.keeps_bytes()) return;
  while (unread().size() < kByteOrderMark.size() && kByteOrderMark.starts_with(unread()) && read_more()) continue;
  if (!unread().starts_with(kByteOrderMark)) return;
  at_ += kByteOrderMark.size();
  facts_.bytes += static_cast<Index>(kByteOrderMark.size());
  ++facts_.faults.byte_order_marks;
}

}  // namespace moelm
