#include "batch/split_lines.hpp"

#include "base/check.hpp"

namespace moelm {

namespace {

constexpr Index kBufferTokens = 8192;

void push(LinePart& part, std::int32_t token, TokenFlag flag) {
  part.ids.push_back(token);
  part.flags.push_back(flag);
}

}  // namespace

SplitLines::SplitLines(const Dataset& data, Split split, StateKind state, Index max_tokens, LinePlace place)
    : cursor_(data, split, place.token),
      end_(data.tokenizer().end_id()),
      line_end_(data.tokenizer().line_end_id()),
      bytes_(data.tokenizer().keeps_bytes()),
      every_line_ends_(bytes_ && state == StateKind::reset),
      max_(static_cast<std::size_t>(max_tokens)),
      place_(place) {
  ensure(max_tokens >= 1, "a part of a line has a token");
}

LinePlace SplitLines::place() const {
  LinePlace place = place_;
  place.token = cursor_.position() - static_cast<Index>(ids_.size() - at_);
  return place;
}

bool SplitLines::next(LinePart& part) {
  part.ids.clear();
  part.flags.clear();
  part.surface.clear();
  part.first = place_.first;
  part.ends_line = part.document_end = false;
  while (part.ids.size() < max_ && !part.ends_line && (place_.owes_end || at_ < ids_.size() || refill())) {
    if (place_.first > 0 || !part.ids.empty() || !take_document_end(part)) push_token(part);
    if (part.document_end) return true;
  }
  if (part.ids.empty()) return false;
  part.line = place_.line + 1;
  if (part.ends_line) last_line_ = place_.first + static_cast<Index>(part.ids.size());
  place_.first = part.ends_line ? 0 : place_.first + static_cast<Index>(part.ids.size());
  if (part.ends_line) ++place_.line;
  return true;
}

/// At the start of a line: in bytes a `</s>` here stands between documents and is in no line. Where every line has its
/// own, it is left out.
bool SplitLines::take_document_end(LinePart& part) {
  if (!bytes_ || ids_[at_] != end_) return false;
  ++at_;
  if (every_line_ends_) return true;
  push(part, end_, TokenFlag::plain);
  part.line = place_.line;
  part.first = last_line_;
  part.document_end = true;
  return true;
}

void SplitLines::push_token(LinePart& part) {
  if (!place_.owes_end) {
    const std::int32_t token = ids_[at_];
    push(part, token, flags_[at_++]);
    part.ends_line = token == line_end_ || token == end_;
    if (!every_line_ends_ || token != line_end_) return;
    part.ends_line = false;
    place_.owes_end = true;
    if (part.ids.size() == max_) return;
  }
  push(part, end_, TokenFlag::plain);
  place_.owes_end = false;
  part.ends_line = true;
}

bool SplitLines::refill() {
  ids_.resize(kBufferTokens);
  flags_.resize(kBufferTokens);
  const auto read = static_cast<std::size_t>(cursor_.read(kBufferTokens, ids_.data(), flags_.data()));
  ids_.resize(read);
  flags_.resize(read);
  at_ = 0;
  return read > 0;
}

}  // namespace moelm
