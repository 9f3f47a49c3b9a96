#include "comparison/token_rows.hpp"

#include <algorithm>
#include <array>
#include <numbers>
#include <optional>

#include "base/error.hpp"
#include "base/finite.hpp"
#include "base/quantity.hpp"
#include "base/unescape.hpp"
#include "text/bounded_lines.hpp"

namespace moelm {

namespace {

constexpr std::size_t kMaxRowBytes = std::size_t{1} << 20;
constexpr double kMaxLog10 = 1e-6;  // a certain token, rounded
constexpr double kMinLog10 = -1e9;  // below what any model gives; sums stay finite

/// The rows of a file, and errors that name them.
class RowReader {
 public:
  explicit RowReader(const std::string& path)
      : source_(TextSource::open(path, {}, TextBytes::any)), lines_(source_, kMaxRowBytes) {}

  const std::string& name() const { return source_.name(); }

  /// The next row without its line end, valid until the next call; nothing at the end of the file.
  std::optional<std::string_view> next() {
    const std::optional<std::string_view> row = lines_.next();
    if (lines_.too_long()) refuse("at most " + format_bytes(static_cast<Index>(kMaxRowBytes)), "a longer row");
    return row;
  }

  [[noreturn]] void refuse(const std::string& expected, const std::string& found) const {
    throw Error(Exit::bad_data, name() + ": row " + std::to_string(lines_.number()) + ": expected " + expected +
                                    ", found " + found + "; moe-eval --per-token writes such rows");
  }

 private:
  TextSource source_;
  BoundedLines lines_;
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
  if (!is_finite(scores.perplexity()))
    throw Error(Exit::diverged, reader.name() + ": expected rows with a finite perplexity, found a mean log10 of " +
                                    format_number(-scores.mean_nll() / std::numbers::ln10));
  scores.end_source(path, scores.tokens());
  return scores;
}

}  // namespace moelm
