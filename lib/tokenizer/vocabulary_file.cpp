#include "tokenizer/vocabulary_file.hpp"

#include <algorithm>
#include <charconv>

#include "base/check.hpp"
#include "base/error.hpp"
#include "base/escape.hpp"
#include "base/utf8.hpp"

namespace moelm {

namespace {

/// Room for more words than this is taken only as the words turn out to differ.
constexpr Index kMaxReservedWords = (Index{1} << 20) - 1;

std::string line_of_piece(std::string_view piece) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string line;
  for (const char c : escape_bytes(piece)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f)
      line += c;
    else
      line += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return line;
}

/// Reads the lines of a vocabulary one after the other.
class LineReader {
 public:
  LineReader(std::string_view text, Index size, const std::string& path) : text_(text), path_(path) {
    const auto lines = static_cast<Index>(std::count(text.begin(), text.end(), '\n'));
    if (lines != size || !text.ends_with('\n'))
      throw Error(Exit::bad_data, path + ": expected " + std::to_string(size) +
                                      " lines, as tokenizer.json says, found " + std::to_string(lines) +
                                      (text.empty() || text.ends_with('\n') ? "" : " and one without an end"));
  }

  bool next() {
    if (text_.empty()) return false;
    ++number_;
    const std::string_view line = text_.substr(0, text_.find('\n'));
    text_.remove_prefix(line.size() + 1);
    const std::size_t tab = line.find('\t');
    token_ = line.substr(0, tab);
    const std::string_view digits = tab == std::string_view::npos ? "" : line.substr(tab + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count_);
    const bool whole = !digits.empty() && error == std::errc{} && end == digits.data() + digits.size() && count_ >= 0;
    if (token_.empty() || !whole) refuse("a token, a TAB and a count", "\"" + excerpt(line) + "\"");
    if (!is_utf8(token_)) refuse("UTF-8", "\"" + excerpt(token_) + "\"");
    return true;
  }

  std::string_view token() const { return token_; }
  Index count() const { return count_; }

  [[noreturn]] void refuse(const std::string& expected, const std::string& found) const {
    throw Error(Exit::bad_data,
                path_ + ": line " + std::to_string(number_) + ": expected " + expected + ", found " + found);
  }

 private:
  std::string_view text_;
  const std::string& path_;
  Index number_ = 0;
  std::string_view token_;
  Index count_ = 0;
};

}  // namespace

std::string vocabulary_text(const Tokenizer& tokenizer, std::span<const Index> counts) {
  ensure(static_cast<Index>(counts.size()) == tokenizer.vocabulary_size(), "a count for every token");
  std::string text;
  for (std::int32_t id = 0; id < tokenizer.vocabulary_size(); ++id) {
    const std::string token = tokenizer.token_text(id);
    const std::string line = tokenizer.keeps_bytes() ? line_of_piece(token) : token;
    ensure(line.find_first_of("\t\n") == std::string::npos, "words hold no white space");
    text += line + "\t" + std::to_string(counts[id]) + "\n";
  }
  return text;
}

Vocabulary parse_vocabulary(std::string_view text, Index size, const std::string& path) {
  LineReader lines(text, size, path);
  Vocabulary vocabulary;
  if (size <= kMaxReservedWords) {
    // Every line adds a TAB, a digit and a line end to its word.
    vocabulary.words.reserve(size, std::max<Index>(0, static_cast<Index>(text.size()) - 3 * size));
    vocabulary.counts.reserve(size);
  }
  while (lines.next()) {
    const Index id = vocabulary.words.size();
    if (vocabulary.words.add(lines.token()) != id)
      lines.refuse("every word once", "\"" + excerpt(lines.token()) + "\" again");
    vocabulary.counts.push_back(lines.count());
  }
  for (const std::string_view special : {kEndText, kUnknownText})
    if (vocabulary.words.find(special) < 0)
      throw Error(Exit::bad_data, path + ": expected \"" + std::string(special) + "\" among the words, found none");
  return vocabulary;
}

std::vector<Index> parse_counts(std::string_view text, Index size, const std::string& path) {
  LineReader lines(text, size, path);
  std::vector<Index> counts;
  counts.reserve(size);
  while (lines.next()) counts.push_back(lines.count());
  return counts;
}

void require_pieces(std::string_view text, const Tokenizer& tokenizer, const std::string& path) {
  LineReader lines(text, tokenizer.vocabulary_size(), path);
  for (std::int32_t id = 0; lines.next(); ++id)
    if (const std::string expected = tokenizer.token_text(id); unescape_bytes(lines.token()) != expected)
      lines.refuse("\"" + line_of_piece(expected) + "\"", "\"" + excerpt(lines.token()) + "\"");
}

}  // namespace moelm
