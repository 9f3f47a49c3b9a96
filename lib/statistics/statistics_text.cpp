#include "statistics/statistics_text.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/machine.hpp"
#include "base/quantity.hpp"
#include "batch/split_lines.hpp"
#include "batch/text_lines.hpp"

namespace moelm {
namespace {

/// Grows a text by the lines of its sources.
class TextBuilder {
 public:
  explicit TextBuilder(StatisticsText& text) : text_(text) {}

  void add(LineSource& lines) {
    for (LinePart part; lines.next(part);) {
      if (!part.document_end) end_line();
      for (const std::int32_t id : part.ids) text_.ids.push_back(id);
      if (part.ends_line || part.document_end) line_end_ = text_.tokens();
      check_memory();
    }
    line_end_ = text_.tokens();
    end_line();
  }

 private:
  /// Ends the line before the tokens that are added next.
  void end_line() {
    if (line_end_ > text_.line_ends.back()) text_.line_ends.push_back(line_end_);
  }

  void check_memory() const {
    if (text_.ids.bytes() + text_.line_ends.bytes() <= limit_.bytes / 2) return;
    throw Error(Exit::out_of_memory, "text: expected one that takes at most half of " + format_bytes(limit_.bytes) +
                                         " (" + limit_.source + "), found more after " + format_count(text_.tokens()) +
                                         " tokens; give a part of it");
  }

  StatisticsText& text_;
  MemoryLimit limit_ = memory_limit();
  Index line_end_ = 0;  ///< where a line ended that a `</s>` may still join
};

void add_source(TextSource& source, const Tokenizer& tokenizer, StateKind state, TextBuilder& builder,
                StatisticsText& text) {
  TextLines lines(source, tokenizer, state);
  const Index begin = text.lines();
  builder.add(lines);
  text.inputs.push_back({source.name(), begin, text.lines()});
  text.facts.add(lines.facts());
}

}  // namespace

StatisticsText load_split(const Dataset& data, Split split, StateKind state) {
  require_tokens(data, split);
  StatisticsText text;
  text.facts = facts_of_split(data.split(split));
  SplitLines lines(data, split, state);
  TextBuilder(text).add(lines);
  for (const InputRange& input : data.split(split).inputs)
    text.inputs.push_back(
        {input.name, std::min(input.lines.begin, text.lines()), std::min(input.lines.end, text.lines())});
  return text;
}

StatisticsText load_sentence(const std::string& sentence, const Tokenizer& tokenizer, StateKind state) {
  StatisticsText text;
  TextBuilder builder(text);
  TextSource source = TextSource::of_text(sentence, "sentence", text_bytes(tokenizer.kind()));
  add_source(source, tokenizer, state, builder, text);
  require_tokens(text.facts, text.tokens(), source.name());
  return text;
}

StatisticsText load_texts(const std::vector<std::string>& paths, const Tokenizer& tokenizer, StateKind state) {
  StatisticsText text;
  TextBuilder builder(text);
  for (const std::string& path : paths) {
    TextSource source = TextSource::open(path, {}, text_bytes(tokenizer.kind()));
    add_source(source, tokenizer, state, builder, text);
  }
  require_tokens(text.facts, text.tokens(), text.inputs.size() == 1 ? text.inputs[0].name : "texts");
  return text;
}

bool StatisticsLines::next(LinePart& part) {
  if (line_ == text_.lines()) return false;
  const Index line_end = text_.line_ends[line_], end = std::min(line_end, begin_ + kMaxPartTokens);
  part = {};
  part.ids.resize(end - begin_);
  text_.ids.read(begin_, end - begin_, part.ids.data());
  part.flags.assign(part.ids.size(), TokenFlag::plain);
  part.line = line_ + 1;
  part.first = begin_ - line_begin_;
  part.ends_line = end == line_end;
  begin_ = end;
  if (!part.ends_line) return true;
  ++line_;
  line_begin_ = end;
  return true;
}

}  // namespace moelm
