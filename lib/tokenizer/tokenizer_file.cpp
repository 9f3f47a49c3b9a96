#include "tokenizer/tokenizer_file.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "base/error.hpp"
#include "io/checksum.hpp"
#include "io/file.hpp"
#include "io/json.hpp"
#include "io/sealed_json.hpp"
#include "tokenizer/bpe_tokenizer.hpp"
#include "tokenizer/byte_tokenizer.hpp"
#include "tokenizer/vocabulary_tokenizer.hpp"
#include "tokenizer/words.hpp"

namespace moelm {

namespace {

constexpr std::string_view kFormat = "moelm-tokenizer";
constexpr Index kVersion = 1;
constexpr Index kFileLimit = Index{1} << 30;
constexpr Index kMostTokens = std::numeric_limits<std::int32_t>::max() - 1;

TokenizerKind kind_of(const JsonField& field) {
  for (const auto& [name, kind] : EnumNames<TokenizerKind>::values)
    if (field.text() == name) return kind;
  field.refuse("text, word, byte or bpe");
}

/// The arrays that are as long as the vocabulary.
struct LongArrays {
  std::array<JsonNumbers, 2> numbers = {JsonNumbers{"counts", {}}, JsonNumbers{"merges", {}}};
  std::vector<Index>& counts() { return numbers[0].values; }
  std::vector<Index>& merges() { return numbers[1].values; }
};

std::vector<Index> counts_of(const JsonField& root, LongArrays& arrays, Index expected) {
  const JsonField field = root.at("counts");
  field.size();  // an array
  if (static_cast<Index>(arrays.counts().size()) != expected)
    field.refuse(std::to_string(expected) + " numbers, as \"vocabulary\" says,",
                 std::to_string(arrays.counts().size()));
  return std::move(arrays.counts());
}

/// Words stand in one string, each followed by a newline: quick to read even for a million of them.
std::string joined_words(const Tokenizer& tokenizer) {
  std::string words;
  for (Index id = 0; id < tokenizer.vocabulary_size(); ++id)
    words += tokenizer.token_text(static_cast<std::int32_t>(id)) + '\n';
  return words;
}

WordTable words_of(const JsonField& field, Index expected) {
  constexpr Index kSurelyReserved = (Index{1} << 20) - 1;
  const std::string& text = field.text();
  if (!text.empty() && text.back() != '\n') field.refuse("a newline after every word", "none after the last one");
  const auto lines = static_cast<Index>(std::count(text.begin(), text.end(), '\n'));
  if (lines != expected)
    field.refuse(std::to_string(expected) + " lines, as \"vocabulary\" says,", std::to_string(lines));
  WordTable words;
  // More than this has to show first that its words differ.
  if (lines <= kSurelyReserved) words.reserve(lines, static_cast<Index>(text.size()) - lines);
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = text.find('\n', begin);
    const Index number = words.size();
    if (end == begin) field.refuse("no empty word", "one, number " + std::to_string(number));
    const std::string_view word = std::string_view(text).substr(begin, end - begin);
    if (words.add(word) != number)
      field.refuse("every word once", "\"" + excerpt(word) + "\" again, number " + std::to_string(number));
    begin = end + 1;
  }
  return words;
}

std::unique_ptr<Tokenizer> read_vocabulary_tokenizer(const JsonField& root, TokenizerKind kind, LongArrays& arrays,
                                                     Index size) {
  Vocabulary vocabulary{words_of(root.at("words"), size), counts_of(root, arrays, size)};
  for (const std::string_view special : {kEndText, kUnknownText})
    if (vocabulary.words.find(special) < 0)
      root.at("words").refuse("\"" + std::string(special) + "\" among the words", "none");
  return make_vocabulary_tokenizer(kind, root.at("lowercase").boolean(), std::move(vocabulary));
}

/// The place of the first pair that is there before, or -1.
Index first_repeated(const std::vector<Merge>& merges) {
  std::vector<std::int32_t> order(merges.size());
  std::iota(order.begin(), order.end(), 0);
  const auto at = [&](std::int32_t m) { return std::pair(merges[static_cast<std::size_t>(m)], m); };
  std::sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) { return at(a) < at(b); });
  Index first = -1;
  for (std::size_t i = 1; i < order.size(); ++i)
    if (at(order[i]).first == at(order[i - 1]).first && (first < 0 || order[i] < first)) first = order[i];
  return first;
}

std::vector<Merge> merges_of(const JsonField& root, LongArrays& arrays, Index expected) {
  const JsonField field = root.at("merges");
  field.size();  // an array
  const std::vector<Index> ids = std::move(arrays.merges());
  if (static_cast<Index>(ids.size()) != 2 * expected)
    field.refuse(std::to_string(2 * expected) + " ids, as \"vocabulary\" says,", std::to_string(ids.size()));
  const auto refuse = [&](Index i, const std::string& wanted) {
    throw Error(Exit::bad_data, root.file() + ": merges." + std::to_string(i) + ": expected " + wanted + ", found " +
                                    std::to_string(ids[static_cast<std::size_t>(i)]));
  };
  std::vector<Merge> merges;
  std::vector<std::uint8_t> lengths(kByteTokens, 1);
  merges.reserve(static_cast<std::size_t>(expected));
  for (Index m = 0; m < expected; ++m) {
    Merge merge{};
    Index length = 0;
    for (const Index side : {0, 1}) {
      const Index id = ids[static_cast<std::size_t>(2 * m + side)];
      if (id >= kByteTokens + m) refuse(2 * m + side, "an id below " + std::to_string(kByteTokens + m));
      merge[static_cast<std::size_t>(side)] = static_cast<std::int32_t>(id);
      length += lengths[static_cast<std::size_t>(id)];
    }
    if (length > static_cast<Index>(kLongestBpeWord))
      refuse(2 * m, "a piece of at most " + std::to_string(kLongestBpeWord) + " bytes");
    merges.push_back(merge);
    lengths.push_back(static_cast<std::uint8_t>(length));
  }
  if (const Index again = first_repeated(merges); again >= 0) refuse(2 * again, "a pair that is not merged before");
  return merges;
}

std::unique_ptr<Tokenizer> read_bpe_tokenizer(const JsonField& root, LongArrays& arrays, Index size) {
  const Index merges = size - kByteTokens - 1;
  if (merges < 0 || merges > kMostMerges)
    root.at("vocabulary").refuse("257 to " + std::to_string(kMostMerges + kByteTokens + 1));
  return make_bpe_tokenizer(merges_of(root, arrays, merges), counts_of(root, arrays, size));
}

}  // namespace

std::string tokenizer_file_text(const Tokenizer& tokenizer, std::span<const Index> counts) {
  ensure(static_cast<Index>(counts.size()) == tokenizer.vocabulary_size(), "a count for every token");
  Json object = {{"format", kFormat},
                 {"version", kVersion},
                 {"kind", enum_name(tokenizer.kind())},
                 {"vocabulary", tokenizer.vocabulary_size()}};
  if (!tokenizer.keeps_bytes()) {
    object["lowercase"] = tokenizer.lowercase();
    object["words"] = joined_words(tokenizer);
  }
  if (tokenizer.kind() == TokenizerKind::bpe) {
    Json::array_t ids;
    for (const Merge& merge : bpe_merges(tokenizer)) ids.insert(ids.end(), merge.begin(), merge.end());
    object["merges"] = std::move(ids);
  }
  object["counts"] = Json::array_t(counts.begin(), counts.end());
  return sealed_json_text(object);
}

std::unique_ptr<Tokenizer> parse_tokenizer(std::string_view text, const std::string& name) {
  LongArrays arrays;
  const Json object = parse_sealed_json(text, name, {.bytes = kFileLimit, .depth = 4}, arrays.numbers);
  const JsonField root(object, name);
  if (root.at("format").text() != kFormat) root.at("format").refuse("\"" + std::string(kFormat) + "\"");
  root.at("version").integer(kVersion, kVersion);
  const TokenizerKind kind = kind_of(root.at("kind"));
  const Index size = root.at("vocabulary").integer(1, kMostTokens);
  switch (kind) {
    case TokenizerKind::byte:
      refuse_unknown_keys(root, {"format", "version", "kind", "vocabulary", "counts"});
      root.at("vocabulary").integer(kByteVocabulary, kByteVocabulary);
      return make_byte_tokenizer(counts_of(root, arrays, size));
    case TokenizerKind::bpe:
      refuse_unknown_keys(root, {"format", "version", "kind", "vocabulary", "merges", "counts"});
      return read_bpe_tokenizer(root, arrays, size);
    default:
      refuse_unknown_keys(root, {"format", "version", "kind", "vocabulary", "lowercase", "words", "counts"});
      return read_vocabulary_tokenizer(root, kind, arrays, size);
  }
}

std::unique_ptr<Tokenizer> load_tokenizer(const std::string& path) {
  // A name that was typed may be a link, one within a folder of strangers may not.
  const bool folder = is_directory(path);
  const std::string file = folder ? join_path(path, kTokenizerFile) : path;
  return parse_tokenizer(read_file(file, kFileLimit, folder ? Links::refuse : Links::follow), file);
}

std::unique_ptr<Tokenizer> load_known_tokenizer(const std::string& folder, const std::string& sha256,
                                                const std::string& source) {
  const std::string file = join_path(folder, kTokenizerFile);
  const std::string text = read_file(file, kFileLimit, Links::refuse);
  if (const std::string found = sha256_hex(text); found != sha256)
    throw Error(Exit::bad_data, file + ": sha256: expected " + sha256 + " (as " + source + " says), found " + found +
                                    "; it is damaged or belongs to another run");
  return parse_tokenizer(text, file);
}

}  // namespace moelm
