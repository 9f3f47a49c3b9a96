#include "data/tokenizer_file.hpp"

#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "data/bpe_tokenizer.hpp"
#include "data/byte_tokenizer.hpp"
#include "data/vocabulary_tokenizer.hpp"
#include "data/words.hpp"
#include "io/file.hpp"
#include "io/json.hpp"
#include "io/sealed_json.hpp"

namespace moelm {

namespace {

constexpr std::string_view kFormat = "moelm-tokenizer";
constexpr Index kVersion = 1;
constexpr Index kBytes = 256;
constexpr Index kFileLimit = Index{1} << 30;
constexpr Index kMostTokens = std::numeric_limits<std::int32_t>::max() - 1;

TokenizerKind kind_of(const JsonField& field) {
  for (const auto& [name, kind] : EnumNames<TokenizerKind>::values)
    if (field.text() == name) return kind;
  field.refuse("text, word, byte or bpe");
}

std::vector<Index> counts_of(const JsonField& field, Index expected) {
  if (field.size() != expected) field.refuse("an array of " + std::to_string(expected) + " numbers");
  std::vector<Index> counts;
  counts.reserve(static_cast<std::size_t>(expected));
  for (const Json& count : field.value())
    if (count.is_number_unsigned() && count.get<std::uint64_t>() <= std::uint64_t{INT64_MAX})
      counts.push_back(count.get<Index>());
    else
      field.at(static_cast<Index>(counts.size())).refuse("a count, at least 0");
  return counts;
}

/// Words stand in one string, each followed by a newline: quick to read even for a million of them.
std::string joined_words(const Tokenizer& tokenizer) {
  std::string words;
  for (Index id = 0; id < tokenizer.vocabulary_size(); ++id)
    words += tokenizer.token_text(static_cast<std::int32_t>(id)) + '\n';
  return words;
}

WordTable words_of(const JsonField& field, Index expected) {
  const std::string& text = field.text();
  WordTable words;
  if (expected <= static_cast<Index>(text.size())) words.reserve(expected, static_cast<Index>(text.size()));
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = text.find('\n', begin);
    const Index number = words.size();
    if (end == std::string::npos) field.refuse("a newline after every word");
    if (end == begin) field.refuse("no empty word (number " + std::to_string(number) + ")");
    if (words.add(std::string_view(text).substr(begin, end - begin)) != number)
      field.refuse("every word once (number " + std::to_string(number) + " is there before)");
    begin = end + 1;
  }
  if (words.size() != expected) field.refuse(std::to_string(expected) + " words, as \"vocabulary\" says,");
  return words;
}

std::unique_ptr<Tokenizer> read_vocabulary_tokenizer(const JsonField& root, TokenizerKind kind, Index size) {
  Vocabulary vocabulary{words_of(root.at("words"), size), counts_of(root.at("counts"), size)};
  for (const std::string_view special : {kEndText, kUnknownText})
    if (vocabulary.words.find(special) < 0) root.at("words").refuse("\"" + std::string(special) + "\" among the words");
  return make_vocabulary_tokenizer(kind, root.at("lowercase").boolean(), std::move(vocabulary));
}

std::vector<Merge> merges_of(const JsonField& field, Index expected) {
  if (field.size() != 2 * expected) field.refuse("an array of " + std::to_string(2 * expected) + " ids");
  std::vector<Merge> merges;
  std::vector<Index> lengths(kBytes, 1);
  std::set<Merge> seen;
  for (Index m = 0; m < expected; ++m) {
    const auto id_at = [&](Index i) { return field.at(i).integer(0, kBytes + m - 1); };
    const Merge merge = {static_cast<std::int32_t>(id_at(2 * m)), static_cast<std::int32_t>(id_at(2 * m + 1))};
    const Index length = lengths[static_cast<std::size_t>(merge[0])] + lengths[static_cast<std::size_t>(merge[1])];
    if (length > static_cast<Index>(kLongestBpeWord))
      field.at(2 * m).refuse("a piece of at most " + std::to_string(kLongestBpeWord) + " bytes");
    if (!seen.insert(merge).second) field.at(2 * m).refuse("a pair that is not merged before");
    merges.push_back(merge);
    lengths.push_back(length);
  }
  return merges;
}

std::unique_ptr<Tokenizer> read_bpe_tokenizer(const JsonField& root, Index size) {
  const Index merges = size - kBytes - 1;
  if (merges < 0 || merges > kMostMerges)
    root.at("vocabulary").refuse("257 to " + std::to_string(kMostMerges + kBytes + 1));
  return make_bpe_tokenizer(merges_of(root.at("merges"), merges), counts_of(root.at("counts"), size));
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
  const Json object = parse_sealed_json(text, name, {.bytes = kFileLimit, .depth = 4});
  const JsonField root(object, name);
  if (root.at("format").text() != kFormat) root.at("format").refuse("\"" + std::string(kFormat) + "\"");
  root.at("version").integer(kVersion, kVersion);
  const TokenizerKind kind = kind_of(root.at("kind"));
  const Index size = root.at("vocabulary").integer(1, kMostTokens);
  switch (kind) {
    case TokenizerKind::byte:
      refuse_unknown_keys(object, name, {"format", "version", "kind", "vocabulary", "counts"});
      root.at("vocabulary").integer(kByteVocabulary, kByteVocabulary);
      return make_byte_tokenizer(counts_of(root.at("counts"), size));
    case TokenizerKind::bpe:
      refuse_unknown_keys(object, name, {"format", "version", "kind", "vocabulary", "merges", "counts"});
      return read_bpe_tokenizer(root, size);
    default:
      refuse_unknown_keys(object, name, {"format", "version", "kind", "vocabulary", "lowercase", "words", "counts"});
      return read_vocabulary_tokenizer(root, kind, size);
  }
}

std::unique_ptr<Tokenizer> load_tokenizer(const std::string& path) {
  const std::string file = is_directory(path) ? join_path(path, kTokenizerFile) : path;
  return parse_tokenizer(read_file(file, kFileLimit), file);
}

}  // namespace moelm
