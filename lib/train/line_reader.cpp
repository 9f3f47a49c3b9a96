#include "train/line_reader.hpp"

namespace moelm {

namespace {
constexpr Index kBufferTokens = 8192;
}

LineReader::LineReader(const Dataset& data, Split split, Index position)
    : cursor_(data, split, position),
      line_end_(data.tokenizer().line_end_id()),
      end_(data.tokenizer().end_id()),
      append_end_(data.tokenizer().line_end_id() != data.tokenizer().end_id()) {}

bool LineReader::refill() {
  buffer_.resize(kBufferTokens);
  flags_.resize(kBufferTokens);
  const Index read = cursor_.read(kBufferTokens, buffer_.data(), flags_.data());
  buffer_.resize(static_cast<std::size_t>(read));
  flags_.resize(static_cast<std::size_t>(read));
  next_ = 0;
  return read > 0;
}

bool LineReader::read(std::vector<std::int32_t>& line, std::vector<TokenFlag>& flags, Index most) {
  line.clear();
  flags.clear();
  while (static_cast<Index>(line.size()) < most && (next_ < buffer_.size() || refill())) {
    const std::int32_t token = buffer_[next_];
    // In bytes `</s>` stands between documents; the line before it has already got its own.
    if (append_end_ && token == end_ && line.empty()) {
      ++next_;
      continue;
    }
    line.push_back(token);
    flags.push_back(flags_[next_++]);
    if (token == end_) return true;
    if (append_end_ && token == line_end_) {
      line.push_back(end_);
      flags.push_back(TokenFlag::plain);
      return true;
    }
  }
  return !line.empty();
}

}  // namespace moelm
