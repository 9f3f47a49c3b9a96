// Tokenizers as tokenizer.json of Hugging Face: written, read back, read from others, and other kinds refused. That
// theirs gives the same tokens is for tests/examples/tokenizers_test.py.
#include "tokenizer/hugging_face_reader.hpp"

#include "io/json.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "tokenizer/bpe_tokenizer.hpp"
#include "tokenizer/byte_tokenizer.hpp"
#include "tokenizer/equal_tokens.hpp"
#include "tokenizer/hugging_face_format.hpp"
#include "tokenizer/hugging_face_writer.hpp"
#include "tokenizer/vocabulary_tokenizer.hpp"

using namespace moelm;

namespace {

std::unique_ptr<Tokenizer> words(TokenizerKind kind, bool lowercase, const std::vector<std::string>& more = {}) {
  Vocabulary vocabulary;
  for (const char* word : {"the", "</s>", "<unk>", "\"quoted\"", "naïve"}) vocabulary.words.add(word);
  for (const std::string& word : more) vocabulary.words.add(word);
  vocabulary.counts.assign(static_cast<std::size_t>(vocabulary.words.size()), 1);
  return make_vocabulary_tokenizer(kind, lowercase, std::move(vocabulary));
}

std::unique_ptr<Tokenizer> pieces(std::vector<Merge> merges, BpeWords cut = BpeWords::runs) {
  std::vector<Index> counts(merges.size() + 257);
  return make_bpe_tokenizer(std::move(merges), std::move(counts), cut);
}

Json written(const Tokenizer& tokenizer) { return parse_json(hugging_face_text(tokenizer), "t"); }

ForeignTokenizer read(const Json& document) { return parse_hugging_face(json_text(document), "f.json"); }

std::string refusal(const Json& document) {
  CHECK(error_exit([&] { read(document); }) == Exit::bad_data);
  const std::string message = error_text([&] { read(document); });
  CHECK(message.starts_with("f.json: "));
  return message;
}

Json word_level() {
  return parse_json(R"({"normalizer": null, "pre_tokenizer": {"type": "WhitespaceSplit"},
    "model": {"type": "WordLevel", "vocab": {"the": 1, "<unk>": 0, "</s>": 2}, "unk_token": "<unk>"}})",
                    "t");
}

/// A tokenizer as GPT-2's file is.
Json gpt2() {
  Json document = written(*pieces({{'t', 'h'}, {256, 'e'}, {' ', 257}}));
  document["pre_tokenizer"] = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}};
  document["model"]["ignore_merges"] = false;
  document["post_processor"] = {{"type", "ByteLevel"}};
  document["model"]["vocab"].erase("</s>");
  document["model"]["vocab"]["<|endoftext|>"] = 259;
  document["added_tokens"] = Json::array({{{"id", 259}, {"content", "<|endoftext|>"}, {"special", true}}});
  return document;
}

}  // namespace

TEST_CASE("every tokenizer comes back as it was written, without a note") {
  std::vector<std::unique_ptr<Tokenizer>> all;
  for (const TokenizerKind kind : {TokenizerKind::text, TokenizerKind::word})
    for (const bool lowercase : {false, true}) all.push_back(words(kind, lowercase));
  all.push_back(words(TokenizerKind::word, false, {"</s></s>", "</s></s></s>"}));
  all.push_back(make_byte_tokenizer(std::vector<Index>(257)));
  for (const BpeWords cut : {BpeWords::runs, BpeWords::gpt2}) all.push_back(pieces({{'t', 'h'}, {256, 'e'}}, cut));
  // "</s>" as a piece of text: the end of a document needs another name.
  all.push_back(pieces({{'<', '/'}, {256, 's'}, {257, '>'}}));
  for (const auto& tokenizer : all) {
    const std::string text = hugging_face_text(*tokenizer);
    CHECK(is_hugging_face(text));
    const ForeignTokenizer back = parse_hugging_face(text, "f");
    CHECK(equal_tokens(*back.tokenizer, *tokenizer));
    CHECK(back.notes.empty());
  }
}

TEST_CASE("what is written is what the package knows") {
  const Json text = written(*words(TokenizerKind::text, false));
  CHECK(text["version"] == "1.0");
  CHECK(text["model"]["type"] == "WordLevel");
  CHECK(text["model"]["vocab"]["naïve"] == 4);
  CHECK(text["added_tokens"].empty());
  const Json bpe = written(*pieces({{' ', 't'}, {256, '\n'}}));
  CHECK(bpe["model"]["merges"] == Json::array({"Ġ t", "Ġt Ċ"}));
  CHECK(bpe["model"]["vocab"]["ĠtĊ"] == 257);
  CHECK(bpe["model"]["vocab"]["</s>"] == 258);
  CHECK(bpe["post_processor"]["special_tokens"]["</s>"]["ids"] == Json::array({258}));
}

TEST_CASE("bytes have the characters of ByteLevel") {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  CHECK(byte_level_text("a !~\n\x7f\xa0\xad\xff") == "aĠ!~ĊġłŃÿ");
  CHECK(bytes_of_byte_level(byte_level_text(all)) == all);
  CHECK_FALSE(bytes_of_byte_level("a b"));
  CHECK_FALSE(bytes_of_byte_level("€"));
}

TEST_CASE("merges that give the same bytes have no such form") {
  const auto both = pieces({{'a', 'b'}, {'b', 'c'}, {256, 'c'}, {'a', 257}});
  CHECK(error_exit([&] { hugging_face_text(*both); }) == Exit::bad_config);
  CHECK(holds(error_text([&] { hugging_face_text(*both); }), "found \"abc\" twice"));
}

TEST_CASE("WordLevel of others keeps its ids") {
  ForeignTokenizer plain = read(word_level());
  CHECK(plain.notes.empty());
  CHECK(plain.tokenizer->kind() == TokenizerKind::word);
  CHECK(plain.tokenizer->token_text(1) == "the");
  Json document = word_level();
  document["normalizer"] = {{"type", "Lowercase"}};
  document["model"]["vocab"] = {{"[UNK]", 0}, {"a", 1}};
  document["model"]["unk_token"] = "[UNK]";
  document["added_tokens"] = Json::array(
      {{{"id", 0}, {"content", "[UNK]"}, {"special", true}}, {{"id", 2}, {"content", "[PAD]"}, {"special", true}}});
  document["truncation"] = {{"max_length", 5}};
  const ForeignTokenizer other = read(document);
  CHECK(other.tokenizer->lowercase());
  CHECK(other.tokenizer->vocabulary_size() == 4);
  CHECK(other.tokenizer->unknown_id() == 0);
  CHECK(other.tokenizer->token_text(2) == "[PAD]");
  CHECK(other.tokenizer->end_id() == 3);
  REQUIRE(other.notes.size() == 3);
  CHECK(holds(other.notes[2], "truncation of --vocab is left out"));
}

TEST_CASE("ByteLevel BPE of others has the words of GPT-2 and the ids of moelm") {
  const ForeignTokenizer read_back = read(gpt2());
  REQUIRE(read_back.tokenizer->kind() == TokenizerKind::bpe);
  CHECK(bpe_words(*read_back.tokenizer) == BpeWords::gpt2);
  CHECK(read_back.tokenizer->token_text(258) == " the");
  REQUIRE(read_back.notes.size() == 1);
  CHECK(holds(read_back.notes[0], "1 special token of --vocab left out"));
  EncodedText encoded;
  read_back.tokenizer->encode("the the'th\n", encoded);
  CHECK(encoded.ids == std::vector<std::int32_t>{257, 258, '\'', 't', 'h', '\n'});
  Json renumbered = gpt2();
  std::swap(renumbered["model"]["vocab"]["a"], renumbered["model"]["vocab"]["b"]);
  CHECK(holds(read(renumbered).notes[0], "2 of 259 tokens have another one in --vocab"));
  Json pairs = gpt2();
  pairs["model"]["merges"] = Json::array({{"t", "h"}, {"th", "e"}, {"Ġ", "the"}});
  CHECK(equal_tokens(*read(pairs).tokenizer, *read_back.tokenizer));
}

TEST_CASE("a token that its merges do not reach is refused unless words that are tokens are taken whole") {
  // "abc" is b c before a b, so its merge a bc is never reached by "ab c".
  Json document = written(*pieces({{'b', 'c'}, {'a', 'b'}, {257, 'c'}}, BpeWords::gpt2));
  CHECK(read(document).tokenizer->vocabulary_size() == 260);
  document["model"]["ignore_merges"] = false;
  CHECK(holds(refusal(document), "model.merges: expected merges that give every token"));
}

TEST_CASE("other kinds are refused by field, what was expected and what was found") {
  const auto changed = [](Json document, const std::string& key, const Json& value) {
    document[Json::json_pointer(key)] = value;
    return refusal(document);
  };
  const Json words = word_level(), bytes = gpt2();
  CHECK(holds(changed(words, "/model/type", "Unigram"),
              "model: expected type WordLevel, or BPE with ByteLevel, found type Unigram"));
  CHECK(holds(changed(words, "/pre_tokenizer", {{"type", "Whitespace"}}),
              "pre_tokenizer: expected WhitespaceSplit, or that of moe-export, found type Whitespace"));
  CHECK(holds(changed(words, "/pre_tokenizer", nullptr), "found type none"));
  CHECK(holds(changed(words, "/normalizer", {{"type", "NFC"}}),
              "normalizer: expected none, Lowercase, or that of moe-export, found type NFC"));
  CHECK(holds(changed(words, "/model/vocab", {{"a", 0}, {"b", 2}, {"c", 3}}), "ids"));
  CHECK(holds(changed(words, "/model/vocab", {{"a b", 0}}), "words without white space"));
  CHECK(holds(changed(words, "/model/vocab", {{"a", "0"}}), "an id for each word"));
  CHECK(
      holds(changed(words, "/model/unk_token", "the"), "model.unk_token: expected <unk>, which is in the vocabulary"));
  CHECK(holds(changed(words, "/added_tokens", Json::array({{{"id", 3}, {"content", "x"}, {"special", false}}})),
              "special tokens only"));
  CHECK(holds(changed(bytes, "/pre_tokenizer/add_prefix_space", true), "pre_tokenizer: expected ByteLevel"));
  CHECK(holds(changed(bytes, "/pre_tokenizer", {{"type", "Metaspace"}}), "found type Metaspace"));
  CHECK(holds(changed(bytes, "/normalizer", {{"type", "NFC"}}), "normalizer: expected none"));
  CHECK(holds(changed(bytes, "/model/continuing_subword_prefix", "##"), "continuing_subword_prefix: expected none"));
  CHECK(holds(changed(bytes, "/model/dropout", 0.1), "dropout: expected none"));
  CHECK(holds(changed(bytes, "/model/byte_fallback", true), "byte_fallback: expected false"));
  CHECK(holds(changed(bytes, "/model/merges/1", "th x y"), "merges.1: expected two tokens"));
  CHECK(holds(changed(bytes, "/model/merges/1", "tx h"),
              "merges.1: expected tokens that are bytes or come from earlier"));
  CHECK(holds(changed(bytes, "/model/merges/1", "t h"), "merges.1: expected a token that no earlier merge gives"));
  CHECK(holds(changed(bytes, "/model/vocab/xyz", 300),
              "expected tokens that are bytes or come from merges, found \"xyz\""));
  Json holed = bytes;
  holed["model"]["vocab"].erase("a");
  CHECK(holds(refusal(holed), "expected a token for each byte, found none for \"a\""));
}
