#include "train/split_lines.hpp"

#include "data/token_cursor.hpp"

namespace moelm {

namespace {

constexpr Index kBufferTokens = 8192;

class SplitLines final : public LineSource {
 public:
  SplitLines(const Dataset& data, Split split, StateKind state)
      : cursor_(data, split),
        end_(data.tokenizer().end_id()),
        line_end_(data.tokenizer().line_end_id()),
        bytes_(data.tokenizer().keeps_bytes()),
        every_line_ends_(bytes_ && state == StateKind::reset) {}

  bool ready() override { return true; }

  bool next(LinePart& part) override {
    part = {};
    part.first = first_;
    while (static_cast<Index>(part.ids.size()) < kMostPartTokens && !part.ends_line &&
           (at_ < ids_.size() || refill())) {
      const std::int32_t token = ids_[at_];
      if (bytes_ && token == end_ && first_ == 0 && part.ids.empty()) {
        ++at_;
        if (every_line_ends_) continue;  // the line before has its own
        push(part, token, TokenFlag::plain);
        part.line = lines_;
        part.document_end = true;
        return true;
      }
      push(part, token, flags_[at_++]);
      part.ends_line = token == line_end_ || token == end_;
      if (every_line_ends_ && token == line_end_) push(part, end_, TokenFlag::plain);
    }
    if (part.ids.empty()) return false;
    part.line = lines_ + 1;
    first_ = part.ends_line ? 0 : first_ + static_cast<Index>(part.ids.size());
    if (part.ends_line) ++lines_;
    return true;
  }

 private:
  static void push(LinePart& part, std::int32_t token, TokenFlag flag) {
    part.ids.push_back(token);
    part.flags.push_back(flag);
  }

  bool refill() {
    ids_.resize(kBufferTokens);
    flags_.resize(kBufferTokens);
    const auto read = static_cast<std::size_t>(cursor_.read(kBufferTokens, ids_.data(), flags_.data()));
    ids_.resize(read);
    flags_.resize(read);
    at_ = 0;
    return read > 0;
  }

  TokenCursor cursor_;
  std::int32_t end_, line_end_;
  bool bytes_, every_line_ends_;
  std::vector<std::int32_t> ids_;
  std::vector<TokenFlag> flags_;
  std::size_t at_ = 0;
  Index lines_ = 0, first_ = 0;
};

}  // namespace

std::unique_ptr<LineSource> make_split_lines(const Dataset& data, Split split, StateKind state) {
  return std::make_unique<SplitLines>(data, split, state);
}

}  // namespace moelm
