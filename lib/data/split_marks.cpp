#include "data/split_marks.hpp"

#include <algorithm>

namespace moelm {

namespace {

constexpr std::size_t kThinAt = 65'536;
constexpr Index kPrecision = 128;

}  // namespace

void TextMarks::add(const TextMark& mark) {
  marks_.push_back(mark);
  if (marks_.size() >= kThinAt) thin();
}

/// Later text only increases the distance of a mark from the end, so marks that are dense enough now remain so.
void TextMarks::thin() {
  std::vector<TextMark> kept;
  const Index end = marks_.back().tokens;
  // Line ends are thinned among themselves, so that marks within lines cannot push them out.
  for (const bool line_end : {true, false}) {
    Index last = -1;
    for (auto mark = marks_.rbegin(); mark != marks_.rend(); ++mark) {
      const Index distance = end - mark->tokens;
      if (mark->line_end != line_end || (last >= 0 && distance < last + last / kPrecision)) continue;
      kept.push_back(*mark);
      last = distance;
    }
  }
  std::sort(kept.begin(), kept.end(), [](const TextMark& a, const TextMark& b) { return a.offset < b.offset; });
  marks_ = std::move(kept);
}

const std::vector<TextMark>& TextMarks::finish() {
  if (!marks_.empty()) thin();
  return marks_;
}

std::optional<TextMark> held_back_begin(const std::vector<TextMark>& marks, const TextMark& end, Index wanted,
                                        Index max, Index from) {
  const Index limit = std::min(max, end.tokens / 3);
  std::optional<TextMark> line, within;
  // Going backwards from the end, parts grow.
  for (auto mark = marks.rbegin(); mark != marks.rend(); ++mark) {
    const Index tokens = end.tokens - mark->tokens;
    if (mark->offset >= end.offset || tokens <= 0) continue;
    if (tokens > limit || mark->offset < from) break;
    if (mark->line_end) line = *mark;
    if (tokens <= wanted) within = *mark;
    if (mark->line_end && tokens >= wanted) break;
  }
  // A line may be much longer than wanted where the limit allows it; else the line is cut.
  return line ? line : within;
}

}  // namespace moelm
