#include "batch/text_lines.hpp"

#include <algorithm>

#include "text/text_blocks.hpp"

namespace moelm {

namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 16;
constexpr auto kMaxPieceBytes = static_cast<std::size_t>(kTextBlockBytes);

}  // namespace

TextLines::TextLines(TextSource& source, const Tokenizer& tokenizer, StateKind state, bool keep_surface)
    : source_(source), tokenizer_(tokenizer), every_line_ends_(tokenizer.keeps_bytes() && state == StateKind::reset) {
  encoded_.keep_surface = keep_surface;
}

bool TextLines::ready() {
  return taken_ < encoded_.ids.size() || source_ended_ || !source_.is_interactive() ||
         unread().find('\n') != std::string_view::npos || unread().size() >= kMaxPieceBytes;
}

bool TextLines::next(LinePart& part) {
  while (taken_ == encoded_.ids.size())
    if (!encode_next()) return false;
  take(part);
  return true;
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

/// Encodes the next line, or a piece of a very long one; false at the end of the text.
bool TextLines::encode_next() {
  encoded_.clear();
  taken_ = 0;
  std::size_t scanned = 0;
  while (true) {
    const std::size_t line_end = unread().find('\n', scanned);
    const std::size_t line_bytes = line_end == std::string_view::npos ? unread().size() : line_end + 1;
    if (line_bytes >= kMaxPieceBytes) {
      encode(text_cut(unread().substr(0, kMaxPieceBytes)));
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
  encoded_.in_line = document_.line_open();
  encode_piece(tokenizer_, piece, facts_.bytes == 0, encoded_);
  document_.add(encoded_);
  at_ += bytes;
  if (piece.back() == '\n') finish_line();
  facts_.add(encoded_);
}

void TextLines::end_text() {
  ended_ = true;
  document_end_ = !document_.line_open();
  if (document_.line_open()) {
    document_.end_line(tokenizer_, encoded_);
    finish_line();
  }
  if (!every_line_ends_) document_.end(tokenizer_, encoded_);
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
  // The end of a document continues its last line, so that line and position are unique for each token.
  part.first = document_end_ ? last_line_ : first_;
  part.ends_line = !document_end_ && !document_.line_open() && taken_ == encoded_.ids.size();
  if (part.ends_line) last_line_ = first_ + static_cast<Index>(count);
  first_ = part.ends_line ? 0 : first_ + static_cast<Index>(count);
  if (part.ends_line) ++line_;
}

}  // namespace moelm
