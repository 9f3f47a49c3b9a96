#include "tokenizer/hugging_face_reader.hpp"

#include <utility>

#include "base/error.hpp"
#include "base/quantity.hpp"
#include "io/json.hpp"
#include "tokenizer/byte_tokenizer.hpp"
#include "tokenizer/hugging_face_format.hpp"
#include "tokenizer/hugging_face_vocabulary.hpp"
#include "tokenizer/vocabulary_tokenizer.hpp"

namespace moelm {

namespace {

/// A word and its id take some twelve times the memory of their text.
JsonLimits limits_for(std::string_view text) {
  JsonLimits limits;
  limits.memory += 12 * static_cast<Index>(text.size());
  return limits;
}

/// The value of an optional key; null if it is missing.
const Json& value_at(const JsonField& object, std::string_view key) {
  static const Json kNull;
  return object.has(key) ? object.at(key).value() : kNull;
}

/// The type that a step names, for messages.
std::string type_in(const Json& value) {
  if (value.is_null()) return "none";
  const auto type = value.is_object() ? value.find("type") : value.end();
  return value.is_object() && type != value.end() && type->is_string() ? excerpt(type->get<std::string>())
                                                                       : excerpt(json_text(value));
}

[[noreturn]] void refuse_step(const JsonField& root, std::string_view key, const std::string& expected) {
  const JsonField field = root.has(key) ? root.at(key) : root;
  field.refuse(expected, "type " + type_in(value_at(root, key)));
}

void note_left_out(const JsonField& root, const std::vector<std::string>& tokens, std::vector<std::string>& notes) {
  for (const char* key : {"truncation", "padding"})
    if (!value_at(root, key).is_null()) notes.push_back(std::string(key) + " of --vocab is left out");
  const Json& processor = value_at(root, "post_processor");
  if (!processor.is_null() && type_in(processor) != "ByteLevel" && type_in(processor) != "TemplateProcessing")
    notes.push_back("post_processor " + type_in(processor) +
                    " of --vocab is left out: a line or document ends with </s>");
  if (!tokens.empty())
    notes.push_back(format_counted(static_cast<Index>(tokens.size()), "special token") +
                    " of --vocab left out, for they stand for no text (the first: " + tokens.front() +
                    "); documents end with </s>");
}

/// Adds a word that every vocabulary of moelm has.
void require_word(std::vector<std::string>& words, std::string_view word, std::vector<std::string>& notes) {
  for (const std::string& known : words)
    if (known == word) return;
  notes.push_back(std::string(word) + " is not in --vocab and was added with the id " + std::to_string(words.size()));
  words.emplace_back(word);
}

/// Gives the token for unknown words the name that it has here.
void rename_unknown(const JsonField& root, std::vector<std::string>& words, std::vector<std::string>& notes) {
  const Json& unknown = value_at(root.at("model"), "unk_token");
  if (!unknown.is_string() || unknown == kUnknownText) return;
  std::string* place = nullptr;
  for (std::string& word : words) {
    if (word == unknown.get<std::string>()) place = &word;
    if (word == kUnknownText)
      root.at("model").at("unk_token").refuse("<unk>, which is in the vocabulary", excerpt(unknown.get<std::string>()));
  }
  if (place == nullptr) return;
  notes.push_back("the unknown token " + *place + " of --vocab is called <unk> here, with the same id");
  *place = kUnknownText;
}

std::unique_ptr<Tokenizer> tokenizer_of_words(TokenizerKind kind, bool lowercase,
                                              const std::vector<std::string>& words) {
  Vocabulary vocabulary;
  for (const std::string& word : words) vocabulary.words.add(word);
  vocabulary.counts.assign(words.size(), 0);
  return make_vocabulary_tokenizer(kind, lowercase, std::move(vocabulary));
}

/// A WordLevel file with the rules of moe-export, or with nothing but white space between words.
std::unique_ptr<Tokenizer> match_word_rules(const JsonField& root, const std::vector<std::string>& words) {
  const Json &normalizer = value_at(root, "normalizer"), &cut = value_at(root, "pre_tokenizer");
  const std::string foreign_end = unused_name(*tokenizer_of_words(TokenizerKind::word, false, words), "</s></s>");
  bool known_cut = false;
  for (const TokenizerKind kind : {TokenizerKind::text, TokenizerKind::word}) {
    if (!same_rules(cut, hugging_face_pre_tokenizer(kind, BpeWords::runs))) continue;
    known_cut = true;
    for (const bool lowercase : {false, true}) {
      const bool plain = kind == TokenizerKind::word &&
                         (lowercase ? same_rules(normalizer, {{"type", "Lowercase"}}) : normalizer.is_null());
      if (plain || same_rules(normalizer, hugging_face_normalizer(kind, lowercase, foreign_end)))
        return tokenizer_of_words(kind, lowercase, words);
    }
  }
  if (!known_cut) refuse_step(root, "pre_tokenizer", "WhitespaceSplit, or that of moe-export");
  refuse_step(root, "normalizer", "none, Lowercase, or that of moe-export");
}

ForeignTokenizer read_word_level(const JsonField& root) {
  ForeignTokenizer result;
  std::vector<std::string> words = read_words(root, read_added_tokens(root));
  rename_unknown(root, words, result.notes);
  for (const std::string_view special : {kEndText, kUnknownText}) require_word(words, special, result.notes);
  result.tokenizer = match_word_rules(root, words);
  note_left_out(root, {}, result.notes);
  return result;
}

void require_plain_bpe(const JsonField& root) {
  const JsonField model = root.at("model");
  for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"})
    if (const Json& value = value_at(model, key); !value.is_null() && value != "")
      model.at(key).refuse("none, as ByteLevel BPE has");
  if (const Json& dropout = value_at(model, "dropout"); !dropout.is_null() && dropout != 0)
    model.at("dropout").refuse("none, so that a text always has the same tokens");
  if (const Json& fallback = value_at(model, "byte_fallback"); !fallback.is_null() && fallback != false)
    model.at("byte_fallback").refuse("false, as ByteLevel BPE has");
  if (!value_at(root, "normalizer").is_null()) refuse_step(root, "normalizer", "none, as ByteLevel BPE has");
}

/// Without `ignore_merges`, a word that is a token has to be what its merges give.
void require_reached(const JsonField& root, const Tokenizer& tokenizer) {
  if (value_at(root.at("model"), "ignore_merges") == true) return;
  for (std::int32_t id = kByteTokens; id < tokenizer.end_id(); ++id)
    if (const auto pieces = merged_pieces(tokenizer, tokenizer.token_text(id)); pieces.size() != 1 || pieces[0] != id)
      root.at("model").at("merges").refuse("merges that give every token, as \"ignore_merges\" is not set,",
                                           "others for " + json_text(Json(byte_level_text(tokenizer.token_text(id)))));
}

/// ByteLevel with GPT-2's regular expression, which is what it has if the file does not say.
bool is_gpt2(const Json& cut) {
  if (!cut.is_object() || cut.contains("use_regex")) return same_rules(cut, byte_level_step(true));
  Json explicit_cut = cut;
  explicit_cut["use_regex"] = true;
  return same_rules(explicit_cut, byte_level_step(true));
}

ForeignTokenizer read_byte_level(const JsonField& root) {
  require_plain_bpe(root);
  const Json& cut = value_at(root, "pre_tokenizer");
  const bool byte = same_rules(cut, byte_level_step(false));
  const bool runs = same_rules(cut, hugging_face_pre_tokenizer(TokenizerKind::bpe, BpeWords::runs));
  const bool gpt2 = is_gpt2(cut) || same_rules(cut, hugging_face_pre_tokenizer(TokenizerKind::bpe, BpeWords::gpt2));
  if (!byte && !runs && !gpt2)
    refuse_step(root, "pre_tokenizer", "ByteLevel with use_regex and without add_prefix_space, or that of moe-export");
  ByteLevelMerges read = read_merges(root, read_added_tokens(root));
  if (byte && !read.merges.empty())
    root.at("pre_tokenizer").refuse("ByteLevel with use_regex, for there are merges", "use_regex false");
  ForeignTokenizer result;
  const Index tokens = kByteVocabulary + static_cast<Index>(read.merges.size());
  std::vector<Index> counts(static_cast<std::size_t>(tokens));
  result.tokenizer =
      byte ? make_byte_tokenizer(std::move(counts))
           : make_bpe_tokenizer(std::move(read.merges), std::move(counts), gpt2 ? BpeWords::gpt2 : BpeWords::runs);
  if (!byte) require_reached(root, *result.tokenizer);
  if (read.renumbered > 0)
    result.notes.push_back("ids are moelm's (bytes, merges, </s>): " + format_count(read.renumbered) + " of " +
                           format_counted(tokens - 1, "token") + " have another one in --vocab");
  if (read.left_out.size() == 1 && read.left_out[0].starts_with(kEndText)) read.left_out.clear();
  note_left_out(root, read.left_out, result.notes);
  return result;
}

}  // namespace

bool is_hugging_face(std::string_view text) {
  return text.find("\"moelm-tokenizer\"") == std::string_view::npos && text.find("\"model\"") != std::string_view::npos;
}

ForeignTokenizer parse_hugging_face(std::string_view text, const std::string& path) {
  const Json document = parse_json(text, path, limits_for(text));
  const JsonField root(document, path);
  const JsonField model = root.at("model");
  const std::string type = model.has("type") ? model.at("type").text() : model.has("merges") ? "BPE" : "none";
  if (type == "WordLevel") return read_word_level(root);
  if (type == "BPE") return read_byte_level(root);
  model.refuse("type WordLevel, or BPE with ByteLevel", "type " + excerpt(type));
}

}  // namespace moelm
