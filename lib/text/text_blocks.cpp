#include "text/text_blocks.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "base/utf8.hpp"

namespace moelm {

namespace {

constexpr std::size_t kMaxCharacterBytes = 4;

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

std::size_t text_cut(std::string_view text) {
  const std::size_t line_end = text.rfind('\n');
  if (line_end != std::string_view::npos) return line_end + 1;
  for (std::size_t i = text.size() - 1; i > 0; --i)
    if (is_space(text[i]) && !is_space(text[i - 1])) return i;
  // A character that the end of the text cuts off belongs to the next block.
  for (std::size_t back = 1; back < std::min(kMaxCharacterBytes, text.size()); ++back)
    if (decode_utf8(text.substr(text.size() - back)).truncated) return text.size() - back;
  return text.size();
}

TextBlockReader::TextBlockReader(TextSource& source, std::vector<Index> cuts, Index block_bytes)
    : source_(source), cuts_(std::move(cuts)), block_bytes_(static_cast<std::size_t>(block_bytes)) {
  ensure(block_bytes >= 1, "a block holds a byte");
}

void TextBlockReader::fill() {
  std::size_t filled = pending_.size();
  pending_.resize(block_bytes_);
  while (filled < block_bytes_ && !source_ended_) {
    const std::size_t count = source_.read_some(pending_.data() + filled, block_bytes_ - filled);
    source_ended_ = count == 0;
    filled += count;
  }
  pending_.resize(filled);
}

bool TextBlockReader::next(TextBlock& block) {
  if (done_) return false;
  fill();
  const auto part = static_cast<std::size_t>(part_);
  const std::size_t to_cut = part < cuts_.size() ? static_cast<std::size_t>(cuts_[part] - offset_) : std::string::npos;
  const bool reaches_cut = pending_.size() >= to_cut;
  std::size_t size = pending_.size();
  if (reaches_cut)
    size = to_cut;
  else if (!source_ended_)
    size = text_cut(pending_);
  block.bytes.assign(pending_, 0, size);
  pending_.erase(0, size);
  block.offset = offset_;
  block.part = part_;
  done_ = source_ended_ && pending_.empty();
  block.ends_part = reaches_cut || done_;
  if (reaches_cut) ++part_;
  offset_ += size;
  return true;
}

}  // namespace moelm
