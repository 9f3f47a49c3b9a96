#include "statistics/statistics_text.hpp"

#include <algorithm>
#include <span>
#include <string_view>

#include "base/error.hpp"
#include "base/machine.hpp"
#include "base/quantity.hpp"
#include "data/token_cursor.hpp"
#include "text/text_blocks.hpp"
#include "text/text_source.hpp"

namespace moelm {
namespace {

void check_stop(const std::function<bool()>& stop) {
  if (stop && stop()) throw Error(Exit::stopped, "stopped on request while reading the text");
}

/// The beginning of a text without its byte order mark, unless the tokens are bytes, which all count.
std::string_view without_mark(std::string_view text, const Tokenizer& tokenizer) {
  if (tokenizer.keeps_bytes()) return text;
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  return text.substr(text.substr(0, kMark.size()) == kMark ? kMark.size() : 0);
}

/// Grows a text by its tokens. Line ends go by the tokens themselves; what follows the last one is a line too. In bytes
/// the `</s>` after a document belongs to its last line.
class TextBuilder {
 public:
  TextBuilder(const Tokenizer& tokenizer, StatisticsText& text)
      : line_end_(tokenizer.line_end_id()), end_(tokenizer.end_id()), limit_(memory_limit()), text_(text) {}

  void add(std::span<const std::int32_t> ids) {
    for (const std::int32_t id : ids) add(id);
    const Index bytes = text_.ids.bytes() + text_.line_ends.bytes();
    if (bytes > limit_.bytes / 2)
      throw Error(Exit::out_of_memory, "text: expected one that takes at most half of " + format_bytes(limit_.bytes) +
                                           " (" + limit_.source + "), found more after " +
                                           format_count(text_.tokens()) + " tokens; give a part of it");
  }

  /// What was added last ends its line, whatever comes next.
  void end_input() {
    if (ended_ > text_.line_ends.back()) text_.line_ends.push_back(ended_);
    if (text_.tokens() > text_.line_ends.back()) text_.line_ends.push_back(text_.tokens());
  }

 private:
  void add(std::int32_t id) {
    const Index place = text_.tokens();
    text_.ids.push_back(id);
    if (id != line_end_ && id != end_) return;
    const bool pending = ended_ > text_.line_ends.back();
    const bool of_ended_line = pending && ended_ == place && id != line_end_;
    if (pending && !of_ended_line) text_.line_ends.push_back(ended_);
    ended_ = place + 1;
  }

  std::int32_t line_end_, end_;
  MemoryLimit limit_;
  StatisticsText& text_;
  Index ended_ = 0;  ///< where a line ended that may yet take a `</s>`
};

/// Encodes one text, a block of bounded size at a time.
void encode_source(TextSource& source, const Tokenizer& tokenizer, const std::function<bool()>& stop,
                   TextBuilder& builder, StatisticsText& text) {
  EncodedText out;
  const auto take = [&] {
    builder.add(out.ids);
    text.unknown_words += out.unknown_words;
    text.findings.faults.add(out.faults);
    text.findings.marks += out.marks;
    text.findings.bytes += out.bytes;
    out.clear();
  };
  std::string buffer;
  bool first = true;
  char last = '\n';
  const auto encode = [&](std::size_t size) {
    std::string_view block = std::string_view(buffer).substr(0, size);
    if (first) block = without_mark(block, tokenizer);
    first = false;
    if (!block.empty()) last = block.back();
    tokenizer.encode(block, out);
    take();
    buffer.erase(0, size);
  };
  for (bool more = true; more;) {
    check_stop(stop);
    const std::size_t before = buffer.size();
    buffer.resize(static_cast<std::size_t>(kTextBlockBytes));
    std::size_t filled = before;
    while (more && filled < buffer.size()) {
      const std::size_t read = source.read_some(buffer.data() + filled, buffer.size() - filled);
      filled += read;
      more = read > 0;
    }
    buffer.resize(filled);
    if (more) encode(text_cut(buffer));
  }
  if (!buffer.empty()) encode(buffer.size());
  if (last != '\n') tokenizer.end_line(out);
  tokenizer.end_document(out);
  take();
  builder.end_input();
}

}  // namespace

StatisticsText load_split(const Dataset& data, Split split, const std::function<bool()>& stop) {
  constexpr Index kPart = Index{1} << 20;
  StatisticsText text;
  const Index tokens = data.tokens(split);
  TokenCursor cursor(data, split);
  TextBuilder builder(data.tokenizer(), text);
  std::vector<std::int32_t> part;
  while (text.tokens() < tokens) {
    check_stop(stop);
    part.resize(static_cast<std::size_t>(std::min(kPart, tokens - text.tokens())));
    if (cursor.read(static_cast<Index>(part.size()), part.data()) != static_cast<Index>(part.size()))
      throw Error(Exit::bad_data, data.directory() + ": shards: expected " + std::to_string(tokens) +
                                      " tokens, found fewer; moe-check tells what is damaged");
    builder.add(part);
  }
  builder.end_input();
  for (const InputRange& input : data.split(split).inputs)
    text.inputs.push_back({input.name, text.line_of(input.tokens.begin), text.line_of(input.tokens.end - 1) + 1});
  text.unknown_words = data.split(split).unknown_words;
  return text;
}

StatisticsText load_texts(const std::vector<std::string>& paths, const Tokenizer& tokenizer,
                          const std::function<bool()>& stop) {
  StatisticsText text;
  text.findings.kept = tokenizer.keeps_bytes();
  TextBuilder builder(tokenizer, text);
  for (const std::string& path : paths) {
    TextSource source = TextSource::open(path, {}, text_bytes(tokenizer.kind()));
    const Index begin = text.lines();
    encode_source(source, tokenizer, stop, builder, text);
    text.inputs.push_back({source.name(), begin, text.lines()});
  }
  return text;
}

void end_every_line(StatisticsText& text, const Tokenizer& tokenizer) {
  if (tokenizer.line_end_id() == tokenizer.end_id()) return;
  StatisticsText ended;
  Index token = 0;
  for (Index line = 0; line < text.lines(); ++line) {
    for (const Index end = text.line_ends[line]; token < end; ++token)
      if (const std::int32_t id = text.ids[token]; id != tokenizer.end_id()) ended.ids.push_back(id);
    ended.ids.push_back(tokenizer.end_id());
    ended.line_ends.push_back(ended.tokens());
  }
  text.ids = std::move(ended.ids);
  text.line_ends = std::move(ended.line_ends);
}

}  // namespace moelm
