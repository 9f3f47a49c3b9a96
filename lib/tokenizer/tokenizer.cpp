#include "tokenizer/tokenizer.hpp"

#include "text/text_blocks.hpp"

namespace moelm {

namespace {

/// Counts what looks like the marks of a tokenised text.
Index count_marks(std::string_view text, bool unknown_too) {
  Index count = 0;
  for (std::size_t i = text.find('<'); i != std::string_view::npos; i = text.find('<', i + 1)) {
    const std::string_view rest = text.substr(i);
    const bool is_mark =
        rest.starts_with("<s>") || rest.starts_with(kEndText) || (unknown_too && rest.starts_with(kUnknownText));
    count += is_mark ? 1 : 0;
  }
  return count;
}

}  // namespace

void Tokenizer::encode(std::string_view text, EncodedText& out) const {
  constexpr auto kBlock = static_cast<std::size_t>(kTextBlockBytes);
  const auto encode_piece = [&](std::string_view piece) {
    encode_block(piece, out);
    out.in_line = piece.back() != '\n';
  };
  out.bytes += text.size();
  out.marks += count_marks(text, kind() != TokenizerKind::word);
  while (text.size() >= kBlock) {
    const std::size_t size = text_cut(text.substr(0, kBlock));
    encode_piece(text.substr(0, size));
    text.remove_prefix(size);
  }
  if (!text.empty()) encode_piece(text);
}

void Tokenizer::encode_line(std::string_view line, EncodedText& out) const {
  encode(line, out);
  if (line.empty() || line.back() != '\n') end_line(out);
}

}  // namespace moelm
