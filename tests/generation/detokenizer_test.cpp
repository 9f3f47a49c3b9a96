// Texts that tokens are made of come back as people write them.
#include <algorithm>

#include "generation/detokenizer.hpp"
#include "support/catch.hpp"
#include "support/tiny_data.hpp"
#include "tokenizer/bpe_tokenizer.hpp"
#include "tokenizer/byte_tokenizer.hpp"
#include "tokenizer/words.hpp"

using namespace moelm;

namespace {

/// The text of its own tokens, with a vocabulary that has them all.
std::string there_and_back(TokenizerKind kind, const std::string& text, const std::string& before = "") {
  std::vector<Word> words;
  splitter_of(kind)(text, words);
  std::vector<std::string> vocabulary;
  for (const Word& word : words) {
    const std::string spelled(word.in(text));
    if (!word.is_line_end() && std::find(vocabulary.begin(), vocabulary.end(), spelled) == vocabulary.end())
      vocabulary.push_back(spelled);
  }
  const auto tokenizer = tiny_tokenizer(kind, vocabulary);
  EncodedText encoded;
  tokenizer->encode(text, encoded);
  Detokenizer detokenizer(*tokenizer);
  detokenizer.follow(before);
  std::string result;
  for (const std::int32_t id : encoded.ids) result += detokenizer.next(id);
  return result;
}

}  // namespace

TEST_CASE("text: punctuation stands where it stands in texts") {
  for (const std::string text :
       {"In the beginning, God created the heaven and the earth.\n",
        "He said: \"It's (almost) done; isn't it?\" Yes!\n",
        "\"Why?\" she asked. \"Why not?\"\n\"A new line\" opens anew.\n",
        "It costs $3.50, or 1,000 in all [sic]: see 3:16.\n", "a well-known and/or so-called 'friend' of mine\n",
        "漢字。「仮名」です\n", "100% of them… maybe\n", "one\n\ntwo\n"}) {
    CHECK(there_and_back(TokenizerKind::text, text) == text);
  }
}

TEST_CASE("text goes on after a prompt") {
  CHECK(there_and_back(TokenizerKind::text, "the end.", "In") == " the end.");
  CHECK(there_and_back(TokenizerKind::text, "the end.", "In ") == "the end.");
  CHECK(there_and_back(TokenizerKind::text, ", he said", "In") == ", he said");
  CHECK(there_and_back(TokenizerKind::text, "the end", "line\n") == "the end");
  CHECK(there_and_back(TokenizerKind::text, "the end\" he", "He said \"at") == " the end\" he");
  CHECK(there_and_back(TokenizerKind::text, "at the", "He said \"") == "at the");
}

TEST_CASE("word: one space between words, none at the ends of lines") {
  CHECK(there_and_back(TokenizerKind::word, "the cat , sat\n\n on the  mat\n") == "the cat , sat\n\non the mat\n");
  CHECK(there_and_back(TokenizerKind::word, "cat", "the") == " cat");
  CHECK(there_and_back(TokenizerKind::word, "cat", "the ") == "cat");
}

TEST_CASE("byte: every byte as it is") {
  const auto tokenizer = make_byte_tokenizer(std::vector<Index>(kByteVocabulary, 1));
  Detokenizer detokenizer(*tokenizer);
  std::string all;
  for (std::int32_t id = 0; id < 256; ++id) all += detokenizer.next(id);
  REQUIRE(all.size() == 256);
  for (std::size_t i = 0; i < 256; ++i) CHECK(static_cast<unsigned char>(all[i]) == i);
  CHECK(detokenizer.next(256).empty());
}

TEST_CASE("bpe: the bytes of each piece as they are") {
  const std::vector<Merge> merges = {{'t', 'h'}, {256, 'e'}, {0xc3, 0xa9}};  // th, the, e with an acute accent
  const auto tokenizer = make_bpe_tokenizer(merges, std::vector<Index>(kByteTokens + merges.size() + 1, 1));
  const std::string text = "the caf\xc3\xa9,  then\t\xff\r\nthe\n\n end";
  EncodedText encoded;
  tokenizer->encode(text, encoded);
  REQUIRE(std::find(encoded.ids.begin(), encoded.ids.end(), 257) != encoded.ids.end());
  REQUIRE(std::find(encoded.ids.begin(), encoded.ids.end(), 258) != encoded.ids.end());
  Detokenizer detokenizer(*tokenizer);
  std::string result;
  for (const std::int32_t id : encoded.ids) result += detokenizer.next(id);
  CHECK(result == text);
  CHECK(detokenizer.next(kByteTokens + static_cast<std::int32_t>(merges.size())).empty());
}
