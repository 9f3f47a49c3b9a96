#include "statistics/line_ends.hpp"

#include <algorithm>
#include <limits>

#include "base/check.hpp"
#include "base/error.hpp"

namespace moelm {

void LineEnds::push_back(Index end) {
  constexpr Index kMaxLineTokens = std::numeric_limits<std::int32_t>::max();
  ensure(end > end_, "lines have tokens, and come in order");
  require(end - end_ <= kMaxLineTokens, Exit::bad_data,
          "line " + std::to_string(size() + 1) + ": expected at most " + std::to_string(kMaxLineTokens) +
              " tokens, found more");
  if (size() % kStride == 0) starts_.push_back(end_);
  lengths_.push_back(static_cast<std::int32_t>(end - end_));
  end_ = end;
}

Index LineEnds::operator[](Index line) const {
  ensure(line >= 0 && line < size(), "a line that is there");
  if (line < place_.line || line >= place_.line + kStride) place_ = {line / kStride * kStride, starts_[line / kStride]};
  for (; place_.line < line; ++place_.line) place_.begin += lengths_[place_.line];
  return place_.begin + lengths_[line];
}

Index LineEnds::line_of(Index token) const {
  if (token >= end_) return size();
  const bool near = token >= place_.begin && (place_.line / kStride + 2 >= static_cast<Index>(starts_.size()) ||
                                              token < starts_[place_.line / kStride + 2]);
  if (!near) {
    const auto after = std::upper_bound(starts_.begin(), starts_.end(), token);
    const Index start = after - starts_.begin() - 1;
    place_ = {start * kStride, starts_[start]};
  }
  for (Index length = 0; place_.begin + (length = lengths_[place_.line]) <= token; ++place_.line)
    place_.begin += length;
  return place_.line;
}

}  // namespace moelm
