// Files of Hugging Face's tokenizers that must be refused, in little memory and little time.
#include "hostile/refusal.hpp"
#include "io/file.hpp"
#include "tokenizer/hugging_face_reader.hpp"

using namespace moelm;

TEST_CASE("tokenizers of others that are damaged or too large are refused by field") {
  const auto read = [](const std::string& path) { parse_hugging_face(read_file(path, Index{64} << 20), path); };
  const std::string words =
      R"({"pre_tokenizer":{"type":"WhitespaceSplit"},"model":{"type":"WordLevel","vocab":{"a":0},"unk_token":"a"}})";
  const std::string bytes = R"({"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false},)"
                            R"("model":{"type":"BPE","vocab":{"a":0},"merges":["a b"]}})";
  std::string doubling = "\"a a\"", piece = "a";
  while (piece.size() < 256) {
    piece += piece;
    doubling += ",\"" + piece + " " + piece + "\"";
  }
  require_refused(
      "tokenizer.json", read,
      {{"nothing", "", "not valid JSON"},
       {"a list", "[]", "expected"},
       {"no model", R"({"version":"1.0"})", "model"},
       {"a model without kind", R"({"model":{}})", "model: expected type WordLevel"},
       {"cut off", words.substr(0, words.size() - 5), "not valid JSON"},
       {"a great id", with(words, "\"a\":0", "\"a\":9007199254740993"), "ids below the number of tokens"},
       {"a negative id", with(words, "\"a\":0", "\"a\":-1"), "an id for each word"},
       {"an id that is none", with(words, "\"a\":0", "\"a\":1e300"), "an id for each word"},
       {"an id twice", with(words, "\"a\":0", "\"a\":0,\"b\":0"), "an id for one token"},
       {"a word twice", with(words, "\"a\":0", "\"a\":0,\"a\":1"), "found it twice"},
       {"an empty word", with(words, "\"a\":0", "\"\":0"), "words without white space"},
       {"a word with a line end", with(words, "\"a\":0", "\"a\\nb\":0"), "words without white space"},
       {"a vocabulary that is a list", with(words, "{\"a\":0}", "[[\"a\",0]]"), "an object of words and ids"},
       {"an added token without content",
        with(words, "{\"pre", "{\"added_tokens\":[{\"id\":1,\"special\":true}],\"pre"), "content"},
       {"bytes that are missing", bytes, "expected a token for each byte, found none for \"Ā\""},
       {"a merge of nothing", with(bytes, "a b", " "), "merges.0"},
       {"a merge that is a number", with(bytes, "\"a b\"", "5"), "merges.0"},
       {"merges that double", with(bytes, "\"a b\"", doubling), "a token of at most 128 bytes"},
       {"deep", times("[", 100'000), "levels of arrays"},
       {"many empty lists", "{\"model\":[" + times("[],", 200'000) + "[]]}", "model"}});
}

TEST_CASE("added tokens and vocabularies of any size are compared in linear time") {
  std::string vocabulary, added;
  for (int i = 0; i < 60'000; ++i) {
    vocabulary += (i > 0 ? ",\"w" : "\"w") + std::to_string(i) + "\":" + std::to_string(i);
    added += std::string(i > 0 ? "," : "") + R"({"special":true,"id":)" + std::to_string(60'000 + i) +
             R"(,"content":"t)" + std::to_string(i) + "\"}";
  }
  const std::string words = R"({"added_tokens":[)" + added + R"(],"pre_tokenizer":{"type":"WhitespaceSplit"},)" +
                            R"("model":{"type":"WordLevel","vocab":{)" + vocabulary + R"(},"unk_token":"w0"}})";
  CHECK(parse_hugging_face(words, "f").tokenizer->vocabulary_size() == 120'001);
  const std::string pieces = R"({"added_tokens":[)" + added + R"(],"pre_tokenizer":{"type":"ByteLevel",)" +
                             R"("add_prefix_space":false},"model":{"type":"BPE","vocab":{)" + vocabulary +
                             R"(},"merges":[]}})";
  CHECK(error_exit([&] { parse_hugging_face(pieces, "f"); }) == Exit::bad_data);
}
