#include "data/default_splits.hpp"

#include <algorithm>
#include <utility>

#include "data/split_marks.hpp"

namespace moelm {

namespace {

constexpr std::size_t kSegmentBytes = 4096;  // a longer line may be cut within

/// Finds the marks of a block: after every line, and within long lines. Counts from the beginning of the block.
class BlockMarks {
 public:
  BlockMarks(std::string_view text, const TokenCount& count) : count_(count) {
    while (!text.empty()) {
      const std::size_t size = short_lines(text);
      if (size > 0)
        add_lines(text.substr(0, size));
      else
        add(text.substr(0, segment_end(text)));
      text.remove_prefix(static_cast<std::size_t>(mark_.offset - taken_));
      taken_ = mark_.offset;
    }
  }

  std::vector<TextMark> take() { return std::move(marks_); }

 private:
  /// Bytes of the complete lines at the start of `text`, up to the first long one.
  static std::size_t short_lines(std::string_view text) {
    std::size_t end = 0;
    for (;;) {
      const std::size_t line_end = text.substr(end, kSegmentBytes).find('\n');
      if (line_end == std::string_view::npos) return end;
      end += line_end + 1;
    }
  }

  /// The end of the first piece of a long line, or of a line that ends with the text.
  static std::size_t segment_end(std::string_view text) {
    const std::string_view window = text.substr(0, kSegmentBytes);
    return window.size() < kSegmentBytes ? window.size() : text_cut(window);
  }

  /// Counts many lines in one call: a call for each line would cost as much as counting.
  void add_lines(std::string_view lines) {
    ends_.clear();
    count_(lines, ends_);
    const Index before = mark_.tokens;
    std::size_t begin = 0;
    for (const Index tokens : ends_) {
      const std::size_t end = lines.find('\n', begin) + 1;
      mark_ = {mark_.offset + static_cast<Index>(end - begin), before + tokens, mark_.lines + 1, true};
      marks_.push_back(mark_);
      begin = end;
    }
  }

  void add(std::string_view segment) {
    ends_.clear();
    mark_.tokens += count_(segment, ends_);
    mark_.offset += segment.size();
    mark_.line_end = false;
    marks_.push_back(mark_);
  }

  const TokenCount& count_;
  std::vector<Index> ends_;
  std::vector<TextMark> marks_;
  TextMark mark_;
  Index taken_ = 0;
};

std::vector<TextMark> find_marks(InputText& input, const TokenCount& count, BlockPipeline& pipeline) {
  std::vector<std::vector<TextMark>> found(static_cast<std::size_t>(pipeline.slots()));
  TextMarks marks;
  TextMark end;
  input.run(
      pipeline, "find splits",
      [&](const TextBlock& block, Index slot) { found[slot] = BlockMarks(block.bytes, count).take(); },
      [&](const TextBlock&, Index slot) {
        const TextMark begin = end;
        for (const TextMark& mark : found[slot]) {
          end = {begin.offset + mark.offset, begin.tokens + mark.tokens, begin.lines + mark.lines, mark.line_end};
          marks.add(end);
        }
        return true;
      });
  return marks.finish();
}

/// Divides what a split may have among the inputs.
class Allotment {
 public:
  explicit Allotment(Index total)
      : share_(std::min(kHeldBackShare,
                        static_cast<double>(kMaxHeldBack) / static_cast<double>(std::max<Index>(total, 1)))),
        scarce_(share_ < kHeldBackShare) {}

  /// Where the held-back part of a text that ends at `end` begins; `tokens` is the size of the whole text.
  std::optional<TextMark> take(const std::vector<TextMark>& marks, const TextMark& end, Index tokens, Index from) {
    due_ += share_ * static_cast<double>(tokens);
    const auto wanted = static_cast<Index>(due_);
    // One token is left for the `</s>` that closes a line or a document.
    const Index max = (scarce_ ? std::min(wanted, left_) : left_) - 1;
    const auto begin = held_back_begin(marks, end, std::max<Index>(wanted, 1), max, from);
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
  Index left_ = kMaxHeldBack;
};

}  // namespace

void hold_back_ends(std::vector<InputText>& inputs, bool valid, bool test, const TokenCount& count,
                    BlockPipeline& pipeline) {
  std::vector<std::vector<TextMark>> marks;
  Index total = 0;
  for (InputText& input : inputs) {
    marks.push_back(find_marks(input, count, pipeline));
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
