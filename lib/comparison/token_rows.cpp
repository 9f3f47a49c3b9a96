#include "comparison/token_rows.hpp"

#include <algorithm>
#include <array>
#include <numbers>
#include <optional>

#include "base/error.hpp"
#include "base/quantity.hpp"
#include "base/unescape.hpp"
#include "text/text_source.hpp"

namespace moelm {

namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 16;
constexpr std::size_t kMaxRowBytes = std::size_t{1} << 20;
constexpr double kMaxLog10 = 1e-6;  // a certain token, rounded
constexpr double kMinLog10 = -1e9;  // below what any model gives; sums stay finite

/// Reads lines of bounded length.
class RowReader {
 public:
  explicit RowReader(const std::string& path) : source_(TextSource::open(path, {}, TextBytes::any)) {}

  const std::string& name() const { return source_.name(); }
  Index number() const { return number_; }

  /// The next row without its line end, valid until the next call; nothing at the end of the file.
  std::optional<std::string_view> next() {
    std::size_t scanned = 0;
    while (true) {
      const std::size_t end = std::string_view(buffer_).find('\n', at_ + scanned);
      const bool found = end != std::string::npos;
      const std::size_t size = (found ? end : buffer_.size()) - at_;
      if (!found) {
        scanned = size;
        if (size <= kMaxRowBytes && read_more()) continue;
        if (size == 0) return std::nullopt;
      }
      ++number_;
      if (size > kMaxRowBytes) refuse("at most " + format_bytes(static_cast<Index>(kMaxRowBytes)), "a longer row");
      const std::string_view row = std::string_view(buffer_).substr(at_, size);
      at_ += size + (found ? 1 : 0);
      return row;
    }
  }

  [[noreturn]] void refuse(const std::string& expected, const std::string& found) const {
    throw Error(Exit::bad_data, name() + ": row " + std::to_string(number_) + ": expected " + expected + ", found " +
                                    found + "; moe-eval --per-token writes such rows");
  }

 private:
  bool read_more() {
    buffer_.erase(0, at_);
    at_ = 0;
    const std::size_t kept = buffer_.size();
    buffer_.resize(kept + kReadBytes);
    const std::size_t count = source_.read_some(buffer_.data() + kept, kReadBytes);
    buffer_.resize(kept + count);
    return count > 0;
  }

  TextSource source_;
  std::string buffer_;  // bytes from at_ on were not returned yet
  std::size_t at_ = 0;
  Index number_ = 0;  // of the row that was returned last
};

std::array<std::string_view, 4> fields_of(const RowReader& reader, std::string_view row) {
  const auto tabs = std::count(row.begin(), row.end(), '\t');
  if (tabs != 3)
    reader.refuse("line, position, token and log10 probability with tabs between them",
                  format_counted(tabs + 1, "field") + ": " + excerpt(row));
  std::array<std::string_view, 4> fields;
  for (std::string_view& field : fields) {
    const std::size_t end = std::min(row.find('\t'), row.size());
    field = row.substr(0, end);
    row.remove_prefix(std::min(end + 1, row.size()));
  }
  return fields;
}

Index number_field(const RowReader& reader, std::string_view field, const std::string& what, Index min) {
  const std::optional<Index> value = parse_index(field);
  if (!value || *value < min) reader.refuse(what + " of at least " + std::to_string(min), excerpt(field));
  return *value;
}

std::string describe(TokenPlace place) {
  return "line " + std::to_string(place.line) + ", position " + std::to_string(place.position);
}

}  // namespace

TokenScores read_token_rows(const std::string& path) {
  RowReader reader(path);
  TokenScores scores(path, path, "rows of a file", nullptr);
  TokenPlace last;
  while (const auto row = reader.next()) {
    const auto fields = fields_of(reader, *row);
    // The end of an empty first document is on line 0.
    const TokenPlace place{number_field(reader, fields[0], "a line", 0),
                           number_field(reader, fields[1], "a position", 1)};
    if (place.line < last.line || (place.line == last.line && place.position <= last.position))
      reader.refuse("a place after " + describe(last), describe(place));
    const std::optional<double> log10 = parse_number(fields[3]);
    if (!log10 || *log10 < kMinLog10 || *log10 > kMaxLog10)
      reader.refuse("a log10 probability from -1e9 to 0", excerpt(fields[3]));
    scores.add(place, unescape_field(fields[2]), *log10 == 0 ? 0 : -*log10 * std::numbers::ln10);
    last = place;
  }
  if (scores.tokens() == 0) throw Error(Exit::bad_data, reader.name() + ": expected rows of tokens, found none");
  scores.end_source(path, scores.tokens());
  return scores;
}

}  // namespace moelm
