#include "data/data_index.hpp"

#include <limits>
#include <set>

#include "base/escape.hpp"
#include "io/checksum.hpp"
#include "io/file.hpp"
#include "io/json.hpp"
#include "io/sealed_json.hpp"

namespace moelm {

namespace {

constexpr std::string_view kFormat = "moelm-data";
constexpr Index kIndexVersion = 2;
constexpr Index kMaxNumber = Index{1} << 53;  // what every JSON reader can represent
constexpr Index kMaxTokens = std::numeric_limits<std::int32_t>::max() - 1;

/// The sums of a split, once for writing and reading.
template <class S, class Visit>
void visit_sums(S& split, const Visit& visit) {
  visit("tokens", split.tokens);
  visit("lines", split.lines);
  visit("words", split.words);
  visit("unknown_words", split.unknown_words);
  visit("literal_unknown", split.literal_unknown);
  visit("bytes", split.bytes);
  visit("malformed_utf8", split.faults.malformed);
  visit("crlf", split.faults.carriage_returns);
  visit("byte_order_marks", split.faults.byte_order_marks);
}

Json split_json(const SplitIndex& split) {
  Json object;
  visit_sums(split, [&](const char* key, Index value) { object[key] = value; });
  object["plain_spaces"] = split.plain_spaces;
  object["inputs"] = Json::array();
  for (const InputRange& input : split.inputs)
    object["inputs"].push_back({{"name", escape_bytes(input.name)},
                                {"first_line", input.first_line},
                                {"lines", {input.lines.begin, input.lines.end}},
                                {"tokens", {input.tokens.begin, input.tokens.end}}});
  object["shards"] = Json::array();
  for (const ShardFile& shard : split.shards)
    object["shards"].push_back(
        {{"file", shard.name}, {"tokens", shard.tokens}, {"tokens_sha256", shard.tokens_sha256}});
  return object;
}

const std::string& checksum_of(const JsonField& field) {
  if (!is_sha256_hex(field.text())) field.refuse("a SHA-256 in hexadecimal");
  return field.text();
}

/// A range that begins where the one before it ended.
IndexRange range_of(const JsonField& field, Index begin, Index max) {
  if (field.size() != 2) field.refuse("two numbers");
  const Index first = field.at(0).integer(begin, begin);
  return {first, field.at(1).integer(first, max)};
}

InputRange input_of(const JsonField& field, const SplitIndex& split) {
  refuse_unknown_keys(field, {"name", "first_line", "lines", "tokens"});
  const bool first = split.inputs.empty();
  return {unescape_bytes(field.at("name").text()), field.at("first_line").integer(0, kMaxNumber),
          range_of(field.at("lines"), first ? 0 : split.inputs.back().lines.end, split.lines),
          range_of(field.at("tokens"), first ? 0 : split.inputs.back().tokens.end, split.tokens)};
}

ShardFile shard_of(const JsonField& field) {
  refuse_unknown_keys(field, {"file", "tokens", "tokens_sha256"});
  if (!is_plain_name(field.at("file").text())) field.at("file").refuse("the name of a file in the folder");
  return {field.at("file").text(), field.at("tokens").integer(1, kMaxNumber), checksum_of(field.at("tokens_sha256"))};
}

SplitIndex split_of(const JsonField& field, std::set<std::string>& names) {
  SplitIndex split;
  refuse_unknown_keys(field, {"tokens", "lines", "words", "unknown_words", "literal_unknown", "bytes", "malformed_utf8",
                              "crlf", "byte_order_marks", "plain_spaces", "inputs", "shards"});
  visit_sums(split, [&](const char* key, Index& value) { value = field.at(key).integer(0, kMaxNumber); });
  split.plain_spaces = field.at("plain_spaces").boolean();
  const JsonField inputs = field.at("inputs"), shards = field.at("shards");
  for (Index i = 0; i < inputs.size(); ++i) split.inputs.push_back(input_of(inputs.at(i), split));
  if (split.inputs.empty() ? split.tokens != 0 : split.inputs.back().tokens.end != split.tokens)
    inputs.refuse("parts that end at token " + std::to_string(split.tokens));
  if (!split.inputs.empty() && split.inputs.back().lines.end != split.lines)
    inputs.refuse("parts that end at line " + std::to_string(split.lines));
  Index tokens = 0;
  for (Index i = 0; i < shards.size(); ++i) {
    split.shards.push_back(shard_of(shards.at(i)));
    if (!names.insert(split.shards.back().name).second) shards.at(i).at("file").refuse("the name of each file once");
    tokens += split.shards.back().tokens;
    if (tokens > split.tokens) break;
  }
  if (tokens != split.tokens) shards.refuse("shards that hold " + std::to_string(split.tokens) + " tokens");
  return split;
}

}  // namespace

std::string index_file_text(const DataIndex& index) {
  Json object = {{"format", kFormat},
                 {"version", kIndexVersion},
                 {"tokenizer",
                  {{"kind", enum_name(index.kind)},
                   {"lowercase", index.lowercase},
                   {"vocabulary", index.vocabulary},
                   {"sha256", index.tokenizer_sha256}}}};
  for (const auto& [name, split] : EnumNames<Split>::values) object[std::string(name)] = split_json(index.split(split));
  return sealed_json_text(object);
}

DataIndex parse_data_index(std::string_view text, const std::string& name) {
  const Json object = parse_sealed_json(text, name, {.bytes = kMaxIndexBytes, .depth = 8});
  const JsonField root(object, name);
  require_format(root, kFormat, kIndexVersion, "an earlier moelm made the folder: make it again with moe-tokenize");
  const JsonField tokenizer = root.at("tokenizer");
  refuse_unknown_keys(root, {"format", "version", "tokenizer", "train", "valid", "test"});
  refuse_unknown_keys(tokenizer, {"kind", "lowercase", "vocabulary", "sha256"});
  DataIndex index;
  index.kind = tokenizer.at("kind").choice<TokenizerKind>();
  index.lowercase = tokenizer.at("lowercase").boolean();
  index.vocabulary = tokenizer.at("vocabulary").integer(1, kMaxTokens);
  index.tokenizer_sha256 = checksum_of(tokenizer.at("sha256"));
  std::set<std::string> names;
  for (const auto& [key, split] : EnumNames<Split>::values) index.split(split) = split_of(root.at(key), names);
  return index;
}

}  // namespace moelm
