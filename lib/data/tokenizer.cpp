#include "data/tokenizer.hpp"

#include "io/text_blocks.hpp"

namespace moelm {

void Tokenizer::encode(std::string_view text, EncodedText& out) const {
  constexpr auto kBlock = static_cast<std::size_t>(kTextBlockBytes);
  out.bytes += static_cast<Index>(text.size());
  while (text.size() >= kBlock) {
    const std::size_t size = text_cut(text.substr(0, kBlock));
    encode_block(text.substr(0, size), out);
    text.remove_prefix(size);
  }
  if (!text.empty()) encode_block(text, out);
}

void Tokenizer::encode_line(std::string_view line, EncodedText& out) const {
  encode(line, out);
  if (line.empty() || line.back() != '\n') end_line(out);
}

}  // namespace moelm
