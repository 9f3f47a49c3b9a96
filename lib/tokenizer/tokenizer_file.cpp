#include "tokenizer/tokenizer_file.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "io/checksum.hpp"
#include "io/file.hpp"
#include "io/json.hpp"
#include "io/sealed_json.hpp"
#include "tokenizer/bpe_tokenizer.hpp"
#include "tokenizer/byte_tokenizer.hpp"
#include "tokenizer/vocabulary_file.hpp"
#include "tokenizer/vocabulary_tokenizer.hpp"
#include "tokenizer/words.hpp"

namespace moelm {

namespace {

constexpr std::string_view kFormat = "moelm-tokenizer";
constexpr Index kVersion = 2;
constexpr Index kMaxVocabularyBytes = Index{1} << 30;
constexpr Index kMaxTokens = std::numeric_limits<std::int32_t>::max() - 1;

/// What tokenizer.json says.
struct Description {
  TokenizerKind kind = TokenizerKind::text;
  Index size = 0;
  bool lowercase = false;
  std::vector<Merge> merges;
  BpeWords words = BpeWords::runs;
  std::string vocabulary_sha256;
};

/// The number of the first merge whose pair an earlier one has, or -1.
Index first_repeated(const std::vector<Merge>& merges) {
  std::vector<std::int32_t> order(merges.size());
  std::iota(order.begin(), order.end(), 0);
  const auto at = [&](std::int32_t m) { return std::pair(merges[m], m); };
  std::sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) { return at(a) < at(b); });
  Index first = -1;
  for (std::size_t i = 1; i < order.size(); ++i)
    if (merges[order[i]] == merges[order[i - 1]] && (first < 0 || order[i] < first)) first = order[i];
  return first;
}

std::vector<Merge> merges_of(const JsonField& field, Index expected) {
  if (field.size() != 2 * expected)
    field.refuse(std::to_string(2 * expected) + " ids, as \"vocabulary\" says,", std::to_string(field.size()));
  std::vector<Merge> merges;
  std::vector<std::uint8_t> lengths(kByteTokens, 1);
  merges.reserve(expected);
  for (Index m = 0; m < expected; ++m) {
    const auto id = [&](Index side) {
      return static_cast<std::int32_t>(field.at(2 * m + side).integer(0, kByteTokens + m - 1));
    };
    merges.push_back({id(0), id(1)});
    const int length = lengths[merges.back()[0]] + lengths[merges.back()[1]];
    if (length > static_cast<int>(kMaxBpeWordBytes))
      field.at(2 * m).refuse("a piece of at most " + std::to_string(kMaxBpeWordBytes) + " bytes",
                             std::to_string(length));
    lengths.push_back(static_cast<std::uint8_t>(length));
  }
  if (const Index again = first_repeated(merges); again >= 0)
    field.at(2 * again).refuse("a pair that was not merged before");
  return merges;
}

Description parse_description(std::string_view text, const std::string& path) {
  const Json object = parse_sealed_json(text, path);
  const JsonField root(object, path);
  require_format(root, kFormat, kVersion, "an earlier moelm wrote it: make data and run again");
  Description description;
  description.kind = root.at("kind").choice<TokenizerKind>();
  description.size = root.at("vocabulary").integer(1, kMaxTokens);
  switch (description.kind) {
    case TokenizerKind::byte:
      refuse_unknown_keys(root, {"format", "version", "kind", "vocabulary", "vocab_sha256"});
      root.at("vocabulary").integer(kByteVocabulary, kByteVocabulary);
      break;
    case TokenizerKind::bpe:
      refuse_unknown_keys(root, {"format", "version", "kind", "vocabulary", "words", "merges", "vocab_sha256"});
      root.at("vocabulary").integer(kByteVocabulary, kByteVocabulary + kMaxMerges);
      if (root.has("words")) description.words = root.at("words").choice<BpeWords>();
      description.merges = merges_of(root.at("merges"), description.size - kByteVocabulary);
      break;
    default:
      refuse_unknown_keys(root, {"format", "version", "kind", "vocabulary", "lowercase", "vocab_sha256"});
      description.lowercase = root.at("lowercase").boolean();
  }
  description.vocabulary_sha256 = root.at("vocab_sha256").text();
  if (!is_sha256_hex(description.vocabulary_sha256)) root.at("vocab_sha256").refuse("a SHA-256 in hexadecimal");
  return description;
}

/// The tokenizer that is described; `path` is that of vocab.txt.
std::unique_ptr<Tokenizer> make_tokenizer(Description description, std::string_view vocabulary,
                                          const std::string& path) {
  if (const std::string found = sha256_hex(vocabulary); found != description.vocabulary_sha256)
    throw Error(Exit::bad_data, path + ": sha256: expected " + description.vocabulary_sha256 +
                                    " (as tokenizer.json says), found " + found + "; the file was changed or damaged");
  const TokenizerKind kind = description.kind;
  if (kind == TokenizerKind::text || kind == TokenizerKind::word)
    return make_vocabulary_tokenizer(kind, description.lowercase, parse_vocabulary(vocabulary, description.size, path));
  std::vector<Index> counts = parse_counts(vocabulary, description.size, path);
  std::unique_ptr<Tokenizer> tokenizer =
      kind == TokenizerKind::byte
          ? make_byte_tokenizer(std::move(counts))
          : make_bpe_tokenizer(std::move(description.merges), std::move(counts), description.words);
  require_pieces(vocabulary, *tokenizer, path);
  return tokenizer;
}

/// Reads both files; `check` judges the bytes of tokenizer.json before they are parsed.
template <class Check>
StoredTokenizer read_checked(const std::string& path, const Check& check) {
  // A name that was typed may be a link, one within an untrusted folder may not.
  const bool is_folder = is_directory(path);
  const std::string file = is_folder ? join_path(path, kTokenizerFile) : path;
  StoredTokenizer stored;
  stored.files.description = read_file(file, JsonLimits{}.bytes, is_folder ? Links::refuse : Links::follow);
  check(stored.files.description, file);
  Description description = parse_description(stored.files.description, file);
  const std::string vocabulary = join_path(is_folder ? path : parent_path(path), kVocabularyFile);
  stored.files.vocabulary = read_file(vocabulary, kMaxVocabularyBytes, Links::refuse);
  stored.tokenizer = make_tokenizer(std::move(description), stored.files.vocabulary, vocabulary);
  return stored;
}

}  // namespace

std::string TokenizerFiles::sha256() const { return sha256_hex(description); }

TokenizerFiles tokenizer_files(const Tokenizer& tokenizer, std::span<const Index> counts) {
  TokenizerFiles files;
  files.vocabulary = vocabulary_text(tokenizer, counts);
  Json object = {{"format", kFormat},
                 {"version", kVersion},
                 {"kind", enum_name(tokenizer.kind())},
                 {"vocabulary", tokenizer.vocabulary_size()}};
  if (!tokenizer.keeps_bytes()) object["lowercase"] = tokenizer.lowercase();
  if (tokenizer.kind() == TokenizerKind::bpe) {
    if (bpe_words(tokenizer) != BpeWords::runs) object["words"] = enum_name(bpe_words(tokenizer));
    Json::array_t ids;
    for (const Merge& merge : bpe_merges(tokenizer)) ids.insert(ids.end(), merge.begin(), merge.end());
    object["merges"] = std::move(ids);
  }
  object["vocab_sha256"] = sha256_hex(files.vocabulary);
  files.description = sealed_json_text(object);
  return files;
}

void write_tokenizer(const std::string& folder, const TokenizerFiles& files, FileSystem& fs) {
  for (const auto& [name, text] : files.by_name()) write_file_atomic(join_path(folder, name), text, fs);
}

std::unique_ptr<Tokenizer> parse_tokenizer(const TokenizerFiles& files, const std::string& folder) {
  return make_tokenizer(parse_description(files.description, join_path(folder, kTokenizerFile)), files.vocabulary,
                        join_path(folder, kVocabularyFile));
}

StoredTokenizer read_tokenizer(const std::string& path) {
  return read_checked(path, [](const std::string&, const std::string&) {});
}

StoredTokenizer read_known_tokenizer(const std::string& path, const std::string& sha256, const std::string& source) {
  return read_checked(path, [&](const std::string& text, const std::string& file) {
    if (const std::string found = sha256_hex(text); found != sha256)
      throw Error(Exit::bad_data, file + ": sha256: expected " + sha256 + " (as " + source + " says), found " + found +
                                      "; it is damaged or belongs to another folder");
  });
}

std::unique_ptr<Tokenizer> load_tokenizer(const std::string& path) { return read_tokenizer(path).tokenizer; }

std::unique_ptr<Tokenizer> load_known_tokenizer(const std::string& folder, const std::string& sha256,
                                                const std::string& source) {
  return read_known_tokenizer(folder, sha256, source).tokenizer;
}

}  // namespace moelm
