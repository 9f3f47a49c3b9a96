#include "data/default_splits.hpp"

#include <algorithm>
#include <utility>

#include "data/split_marks.hpp"

namespace moelm {

namespace {

constexpr std::size_t kSegmentBytes = 4096;  // how finely long lines may be cut

/// The end of the first line of `text`, or of a piece of it if it is long.
std::size_t segment_end(std::string_view text) {
  const std::string_view window = text.substr(0, kSegmentBytes);
  const std::size_t line_end = window.find('\n');
  if (line_end != std::string_view::npos) return line_end + 1;
  return window.size() < kSegmentBytes ? window.size() : text_cut(window);
}

/// The marks of a block, counted from its beginning.
std::vector<TextMark> marks_of(std::string_view text, const TokenCount& count) {
  std::vector<TextMark> marks;
  TextMark mark;
  while (!text.empty()) {
    const std::size_t size = segment_end(text);
    mark.line_end = text[size - 1] == '\n';
    mark.offset += static_cast<Index>(size);
    mark.tokens += count(text.substr(0, size));
    mark.lines += mark.line_end ? 1 : 0;
    marks.push_back(mark);
    text.remove_prefix(size);
  }
  return marks;
}

std::vector<TextMark> survey(InputText& input, const TokenCount& count, BlockPipeline& pipeline) {
  std::vector<std::vector<TextMark>> found(static_cast<std::size_t>(pipeline.slots()));
  TextMarks marks;
  TextMark end;
  input.run(
      pipeline, "survey",
      [&](const TextBlock& block, Index slot) { found[static_cast<std::size_t>(slot)] = marks_of(block.bytes, count); },
      [&](const TextBlock&, Index slot) {
        const TextMark begin = end;
        for (const TextMark& mark : found[static_cast<std::size_t>(slot)]) {
          end = {begin.offset + mark.offset, begin.tokens + mark.tokens, begin.lines + mark.lines, mark.line_end};
          marks.add(end);
        }
        return true;
      });
  return marks.finish();
}

/// Gives every input its share of what a split may have.
class Allotment {
 public:
  explicit Allotment(Index total)
      : share_(std::min(kHeldBackShare,
                        static_cast<double>(kMostHeldBack) / static_cast<double>(std::max<Index>(total, 1)))),
        scarce_(share_ < kHeldBackShare) {}

  /// Where the part of `split` at the end of [.., end) begins; `tokens` is the size of the whole text.
  std::optional<TextMark> take(const std::vector<TextMark>& marks, const TextMark& end, Index tokens, Index from) {
    due_ += share_ * static_cast<double>(tokens);
    const auto wanted = static_cast<Index>(due_);
    // One token is kept for the `</s>` that closes a line or a document.
    const Index most = (scarce_ ? std::min(wanted, left_) : left_) - 1;
    const auto begin = held_back_begin(marks, end, std::max<Index>(wanted, 1), most, from);
    if (begin) {
      const Index taken = end.tokens - begin->tokens + 1;
      left_ -= taken;
      due_ = std::max(0.0, due_ - static_cast<double>(taken));
    }
    return begin;
  }

 private:
  double share_;
  bool scarce_;
  double due_ = 0;
  Index left_ = kMostHeldBack;
};

}  // namespace

void hold_back_ends(std::vector<InputText>& inputs, bool valid, bool test, const TokenCount& count,
                    BlockPipeline& pipeline) {
  std::vector<std::vector<TextMark>> marks;
  Index total = 0;
  for (InputText& input : inputs) {
    marks.push_back(survey(input, count, pipeline));
    if (!marks.back().empty()) total += marks.back().back().tokens;
  }
  Allotment for_valid(total), for_test(total);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (marks[i].empty()) continue;
    const std::vector<InputPart>& before = inputs[i].parts();
    const Index from = before.size() > 1 ? before[1].begin : 0;
    std::vector<InputPart> parts;
    TextMark end = marks[i].back();
    const Index tokens = end.tokens;
    const auto cut = [&](Split split, Allotment& allotment) {
      const auto begin = allotment.take(marks[i], end, tokens, from);
      if (!begin) return;
      parts.insert(parts.begin(), {split, begin->offset, begin->lines});
      end = *begin;
    };
    if (test) cut(Split::test, for_test);
    if (valid) cut(Split::valid, for_valid);
    parts.insert(parts.begin(), {Split::train, 0, 0});
    inputs[i].set_parts(std::move(parts));
  }
}

}  // namespace moelm
