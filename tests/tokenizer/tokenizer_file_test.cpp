// tokenizer.json: written, read back, and every change noticed.
#include "tokenizer/tokenizer_file.hpp"

#include "io/json.hpp"
#include "io/sealed_json.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"
#include "tokenizer/bpe_tokenizer.hpp"
#include "tokenizer/byte_tokenizer.hpp"
#include "tokenizer/vocabulary_tokenizer.hpp"

using namespace moelm;

namespace {

std::unique_ptr<Tokenizer> words() {
  Vocabulary vocabulary;
  for (const char* word : {"the", "</s>", "<unk>", "\"quoted\"", "naïve"}) vocabulary.words.add(word);
  vocabulary.counts = {9, 7, 5, 2, 1};
  return make_vocabulary_tokenizer(TokenizerKind::text, true, std::move(vocabulary));
}

std::unique_ptr<Tokenizer> pieces() { return make_bpe_tokenizer({{'t', 'h'}, {256, 'e'}}, std::vector<Index>(259, 3)); }

std::string text_of(const Tokenizer& tokenizer) {
  std::vector<Index> counts;
  for (Index id = 0; id < tokenizer.vocabulary_size(); ++id)
    counts.push_back(tokenizer.count(static_cast<std::int32_t>(id)));
  return tokenizer_file_text(tokenizer, counts);
}

/// The file with one value replaced, sealed again.
std::string changed(const std::string& text, const std::string& key, const Json& value) {
  Json object = parse_sealed_json(text, "file");
  object.erase("checksum");
  object[key] = value;
  return sealed_json_text(object);
}

std::string refusal(const std::string& text) {
  const auto action = [&] { parse_tokenizer(text, "t.json"); };
  CHECK(error_exit(action) == Exit::bad_data);
  return error_text(action);
}

}  // namespace

TEST_CASE("tokenizers come back as they were written") {
  for (const auto& tokenizer : {words(), pieces(), make_byte_tokenizer(std::vector<Index>(257, 4))}) {
    const std::string text = text_of(*tokenizer);
    const auto back = parse_tokenizer(text, "t.json");
    CHECK(text_of(*back) == text);
    CHECK(back->kind() == tokenizer->kind());
    CHECK(back->lowercase() == tokenizer->lowercase());
    CHECK(back->end_id() == tokenizer->end_id());
    CHECK(back->unknown_id() == tokenizer->unknown_id());
  }
  CHECK(parse_tokenizer(text_of(*words()), "t.json")->token_text(3) == "\"quoted\"");
}

TEST_CASE("a folder stands for the tokenizer in it") {
  const TemporaryDirectory folder;
  put_file(folder / "tokenizer.json", text_of(*words()));
  CHECK(load_tokenizer(folder.path())->vocabulary_size() == 5);
  CHECK(load_tokenizer(folder / "tokenizer.json")->vocabulary_size() == 5);
  CHECK(error_exit([&] { load_tokenizer(folder / "none"); }) == Exit::missing_input);
}

TEST_CASE("every flipped bit and every cut of the file is noticed") {
  const std::string text = text_of(*pieces());
  for (std::size_t at = 0; at < text.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = text;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      if (error_exit([&] { parse_tokenizer(flipped, "t.json"); }) != Exit::bad_data) FAIL("byte " << at);
    }
  for (std::size_t size = 0; size < text.size(); ++size)
    REQUIRE(error_exit([&] { parse_tokenizer(text.substr(0, size), "t.json"); }) == Exit::bad_data);
}

TEST_CASE("what a stranger may have changed is refused by field") {
  const std::string text = text_of(*words()), bpe = text_of(*pieces());
  CHECK(holds(refusal(changed(text, "format", "other")), "t.json: format"));
  CHECK(holds(refusal(changed(text, "version", 2)), "t.json: version"));
  CHECK(holds(refusal(changed(text, "kind", "gpt")), "t.json: kind"));
  CHECK(holds(refusal(changed(text, "extra", 1)), "unknown key"));
  CHECK(holds(refusal(changed(text, "vocabulary", 6)), "t.json: "));
  CHECK(holds(refusal(changed(text, "vocabulary", 3'000'000'000)), "t.json: vocabulary"));
  CHECK(holds(refusal(changed(text, "vocabulary", -1)), "t.json: vocabulary"));
  CHECK(holds(refusal(changed(text, "counts", {9, 7, 5, 2, -1})), "t.json: counts.4"));
  CHECK(holds(refusal(changed(text, "counts", {9, 7, 5, 2})), "t.json: counts"));
  CHECK(holds(refusal(changed(text, "counts", {9, 7, 5, 2, "x"})), "t.json: counts.4"));
  CHECK(holds(refusal(changed(text, "words", "the\n</s>\n<unk>\na\na\n")), "every word once"));
  CHECK(holds(refusal(changed(text, "words", "the\n</s>\n<unk>\n\na\n")), "no empty word"));
  CHECK(holds(refusal(changed(text, "words", "the\n</s>\n<unk>\nb\na")), "a newline after every word"));
  CHECK(holds(refusal(changed(text, "words", "the\nx\n<unk>\nb\na\n")), "</s>"));
  CHECK(holds(refusal(changed(text, "lowercase", 1)), "t.json: lowercase"));
  CHECK(holds(refusal(changed(bpe, "merges", {116, 104, 257, 101})), "t.json: merges.2"));
  CHECK(holds(refusal(changed(bpe, "merges", {116, 104, -1, 101})), "t.json: merges.2"));
  CHECK(holds(refusal(changed(bpe, "merges", {116, 104, 116, 104})), "not merged before"));
  CHECK(holds(refusal(changed(bpe, "merges", {116, 104, 256})), "t.json: merges"));
  CHECK(holds(refusal(changed(bpe, "vocabulary", 100)), "t.json: vocabulary"));
}

TEST_CASE("merges cannot grow without bound") {
  Json::array_t merges = {97, 97};
  for (int id = 256; id < 300; ++id) merges.insert(merges.end(), {id, id});  // doubles every time
  Json object = {{"format", "moelm-tokenizer"}, {"version", 1}, {"kind", "bpe"}, {"vocabulary", 257 + 45}};
  object["merges"] = merges;
  object["counts"] = Json::array_t(302, 0);
  CHECK(holds(refusal(sealed_json_text(object)), "a piece of at most 128 bytes"));
}

TEST_CASE("the vocabulary of the paper's corpus is read with little more memory than its file") {
  constexpr Index kTypes = 793'471;
  Vocabulary vocabulary;
  vocabulary.words.add("</s>");
  vocabulary.words.add("<unk>");
  for (Index i = 2; i < kTypes; ++i) vocabulary.words.add("word" + std::to_string(i));
  vocabulary.counts.assign(static_cast<std::size_t>(kTypes), 5);
  const auto tokenizer = make_vocabulary_tokenizer(TokenizerKind::word, false, std::move(vocabulary));
  const auto back = parse_tokenizer(text_of(*tokenizer), "t.json");
  CHECK(back->vocabulary_size() == kTypes);
  EncodedText out;
  back->encode("word793470 word793471", out);
  CHECK(out.ids[0] == 793'470);
  CHECK(out.flags[1] == TokenFlag::unknown_word);
}
