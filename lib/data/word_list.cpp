#include "data/word_list.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "data/input_text.hpp"
#include "tokenizer/normalized_text.hpp"
#include "tokenizer/tokenizer.hpp"
#include "tokenizer/vocabulary_builder.hpp"

namespace moelm {

namespace {

constexpr std::string_view kSpaces = " \t\r";

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Takes the next column off a line; empty at its end.
std::string_view take_column(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kSpaces), line.size()));
  const std::string_view column = line.substr(0, line.find_first_of(kSpaces));
  line.remove_prefix(column.size());
  return column;
}

/// fairseq fills its vocabulary up to a multiple of 8.
bool is_filler(std::string_view word) {
  constexpr std::string_view kFiller = "madeupword";
  return word.starts_with(kFiller) && is_number(word.substr(kFiller.size()));
}

/// The word of a line, or nothing.
std::string_view word_of(std::string_view line) {
  const std::string_view word = take_column(line), second = take_column(line);
  const bool comment = word.starts_with("##") && !second.empty() && !is_number(second);
  return comment || is_filler(word) || word == "<s>" || word == "<pad>" ? std::string_view() : word;
}

}  // namespace

WordTable read_word_list(const std::string& path, bool lowercase, const std::function<bool()>& stop) {
  WordTable words;
  words.add(kEndText);
  words.add(kUnknownText);
  TextSource source = TextSource::open(path, stop);
  TextBlockReader reader(source);
  TextBlock block;
  NormalizedText normalized;
  TextFaults ignored;
  while (reader.next(block)) {
    std::string_view text = normalized.normalize(block_text(block, false), lowercase, ignored);
    while (!text.empty()) {
      const std::size_t line_end = std::min(text.find('\n'), text.size());
      const std::string_view word = word_of(text.substr(0, line_end));
      if (!word.empty()) words.add(word);
      if (words.size() > kMaxTypes)
        throw Error(Exit::bad_data, path + ": expected at most " + std::to_string(kMaxTypes) + " words, found more");
      text.remove_prefix(std::min(line_end + 1, text.size()));
    }
  }
  return words;
}

}  // namespace moelm
