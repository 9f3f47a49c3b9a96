#include "report/statistics_text.hpp"

#include <algorithm>
#include <string_view>

#include "base/error.hpp"
#include "data/token_cursor.hpp"
#include "io/text_blocks.hpp"
#include "io/text_source.hpp"

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

/// Encodes one text, a block of bounded size at a time.
void encode_source(TextSource& source, const Tokenizer& tokenizer, const std::function<bool()>& stop,
                   EncodedText& out) {
  std::string buffer;
  bool first = true;
  char last = '\n';
  const auto encode = [&](std::size_t size) {
    std::string_view block = std::string_view(buffer).substr(0, size);
    if (first) block = without_mark(block, tokenizer);
    first = false;
    if (!block.empty()) last = block.back();
    tokenizer.encode(block, out);
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
}

/// Line ends by the tokens themselves; what follows the last one is a line too. In bytes the `</s>` after a document
/// belongs to its last line.
std::vector<Index> find_lines(const std::vector<std::int32_t>& ids, const Tokenizer& tokenizer) {
  std::vector<Index> ends;
  for (Index i = 0; i < static_cast<Index>(ids.size()); ++i) {
    if (ids[i] == tokenizer.line_end_id())
      ends.push_back(i + 1);
    else if (ids[i] == tokenizer.end_id() && !ends.empty() && ends.back() == i)
      ends.back() = i + 1;
    else if (ids[i] == tokenizer.end_id())
      ends.push_back(i + 1);
  }
  const auto all = static_cast<Index>(ids.size());
  if (all > 0 && (ends.empty() || ends.back() < all)) ends.push_back(all);
  return ends;
}

}  // namespace

Index StatisticsText::line_of(Index token) const {
  return std::upper_bound(line_ends.begin(), line_ends.end(), token) - line_ends.begin();
}

StatisticsText load_split(const Dataset& data, Split split, const std::function<bool()>& stop) {
  constexpr Index kPart = Index{1} << 20;
  StatisticsText text;
  const Index tokens = data.tokens(split);
  text.ids.reserve(static_cast<std::size_t>(tokens));
  TokenCursor cursor(data, split);
  while (text.tokens() < tokens) {
    check_stop(stop);
    const Index begin = text.tokens(), count = std::min(kPart, tokens - begin);
    text.ids.resize(static_cast<std::size_t>(begin + count));
    if (cursor.read(count, text.ids.data() + begin) != count)
      throw Error(Exit::bad_data, data.directory() + ": shards: expected " + std::to_string(tokens) +
                                      " tokens, found fewer; moe-check tells what is damaged");
  }
  text.line_ends = find_lines(text.ids, data.tokenizer());
  for (const InputRange& input : data.split(split).inputs)
    text.inputs.push_back({input.name, text.line_of(input.tokens.begin), text.line_of(input.tokens.end - 1) + 1});
  text.unknown_words = data.split(split).unknown_words;
  return text;
}

StatisticsText load_texts(const std::vector<std::string>& paths, const Tokenizer& tokenizer,
                          const std::function<bool()>& stop) {
  StatisticsText text;
  EncodedText encoded;
  std::vector<Index> input_ends;
  for (const std::string& path : paths) {
    TextSource source = TextSource::open(path, {}, text_bytes(tokenizer.kind()));
    encode_source(source, tokenizer, stop, encoded);
    input_ends.push_back(encoded.tokens());
    text.inputs.push_back({source.name(), 0, 0});
  }
  text.ids = std::move(encoded.ids);
  text.unknown_words = encoded.unknown_words;
  text.line_ends = find_lines(text.ids, tokenizer);
  Index line = 0;
  for (std::size_t i = 0; i < input_ends.size(); ++i) {
    text.inputs[i].begin = line;
    while (line < text.lines() && text.line_ends[line] <= input_ends[i]) ++line;
    text.inputs[i].end = line;
  }
  return text;
}

void end_every_line(StatisticsText& text, const Tokenizer& tokenizer) {
  if (tokenizer.line_end_id() == tokenizer.end_id()) return;
  std::vector<std::int32_t> ids;
  Index begin = 0;
  for (Index& end : text.line_ends) {
    for (Index i = begin; i < end; ++i)
      if (text.ids[i] != tokenizer.end_id()) ids.push_back(text.ids[i]);
    ids.push_back(tokenizer.end_id());
    begin = end;
    end = static_cast<Index>(ids.size());
  }
  text.ids = std::move(ids);
}

}  // namespace moelm
