#include "text/bounded_lines.hpp"

namespace moelm {

namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 16;

}  // namespace

std::optional<std::string_view> BoundedLines::next() {
  too_long_ = false;
  std::size_t scanned = 0;  // bytes behind at_ that have no line end
  while (true) {
    const std::size_t end = buffer_.find('\n', at_ + scanned);
    const bool found = end != std::string::npos;
    const std::size_t size = (found ? end : buffer_.size()) - at_;
    too_long_ = too_long_ || size > max_bytes_;
    if (!found) {
      if (too_long_) at_ = buffer_.size();
      scanned = buffer_.size() - at_;
      if (read_more()) continue;
      if (size == 0 && !too_long_) return std::nullopt;
    }
    ++number_;
    const std::string_view line = std::string_view(buffer_).substr(at_, too_long_ ? 0 : size);
    at_ = found ? end + 1 : buffer_.size();
    return line;
  }
}

bool BoundedLines::read_more() {
  if (ended_) return false;
  buffer_.erase(0, at_);
  at_ = 0;
  const std::size_t kept = buffer_.size();
  buffer_.resize(kept + kReadBytes);
  const std::size_t count = source_.read_some(buffer_.data() + kept, kReadBytes);
  buffer_.resize(kept + count);
  ended_ = count == 0;
  return !ended_;
}

}  // namespace moelm
