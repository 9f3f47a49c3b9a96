// tokenizer.json and vocab.txt: written, read back, and every change noticed.
#include "tokenizer/tokenizer_file.hpp"

#include "io/json.hpp"
#include "io/sealed_json.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/stored_tokenizer.hpp"
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

/// The files with one value of tokenizer.json replaced, sealed again.
TokenizerFiles changed(TokenizerFiles files, const std::string& key, const Json& value) {
  Json object = parse_sealed_json(files.description, "file");
  object.erase("checksum");
  object[key] = value;
  files.description = sealed_json_text(object);
  return files;
}

/// The files with another vocab.txt, whose checksum tokenizer.json holds.
TokenizerFiles with_lines(TokenizerFiles files, const std::string& vocabulary) {
  files.vocabulary = vocabulary;
  return resealed(std::move(files));
}

std::string refusal(const TokenizerFiles& files) {
  const auto action = [&] { parse_tokenizer(files, "f"); };
  CHECK(error_exit(action) == Exit::bad_data);
  return error_text(action);
}

}  // namespace

TEST_CASE("tokenizers come back as they were written") {
  for (const auto& tokenizer : {words(), pieces(), make_byte_tokenizer(std::vector<Index>(257, 4))}) {
    const TokenizerFiles files = files_of(*tokenizer);
    const auto back = parse_tokenizer(files, "f");
    CHECK(files_of(*back) == files);
    CHECK(back->kind() == tokenizer->kind());
    CHECK(back->lowercase() == tokenizer->lowercase());
    CHECK(back->end_id() == tokenizer->end_id());
    CHECK(back->unknown_id() == tokenizer->unknown_id());
  }
}

TEST_CASE("vocab.txt is a token, a TAB and a count in every line, in the order of ids") {
  CHECK(files_of(*words()).vocabulary == "the\t9\n</s>\t7\n<unk>\t5\n\"quoted\"\t2\nnaïve\t1\n");
  const std::string lines = files_of(*pieces()).vocabulary;
  CHECK(lines.starts_with("\\x00\t3\n\\x01\t3\n"));
  CHECK(holds(lines, "\n\\x09\t3\n\\x0a\t3\n"));
  CHECK(holds(lines, "\n[\t3\n\\\\\t3\n]\t3\n"));
  CHECK(lines.ends_with("\n\\xff\t3\nth\t3\nthe\t3\n</s>\t3\n"));
}

TEST_CASE("a folder stands for the tokenizer in it") {
  const TemporaryDirectory folder;
  write_tokenizer(folder.path(), files_of(*words()));
  CHECK(load_tokenizer(folder.path())->vocabulary_size() == 5);
  CHECK(load_tokenizer(folder / "tokenizer.json")->vocabulary_size() == 5);
  CHECK(error_exit([&] { load_tokenizer(folder / "none"); }) == Exit::missing_input);
  const std::string known = files_of(*words()).sha256();
  CHECK(load_known_tokenizer(folder.path(), known, "index.json")->vocabulary_size() == 5);
  const auto other = [&] { load_known_tokenizer(folder.path(), files_of(*pieces()).sha256(), "index.json"); };
  CHECK(error_exit(other) == Exit::bad_data);
  CHECK(holds(error_text(other), "tokenizer.json: sha256: expected"));
  std::filesystem::remove(folder / "vocab.txt");
  CHECK(holds(error_text([&] { load_tokenizer(folder.path()); }), "vocab.txt: open"));
}

TEST_CASE("every flipped bit and every cut of both files is noticed") {
  const TokenizerFiles files = files_of(*pieces());
  for (std::string TokenizerFiles::*text : {&TokenizerFiles::description, &TokenizerFiles::vocabulary}) {
    const auto refused = [&](const std::string& damaged) {
      TokenizerFiles other = files;
      other.*text = damaged;
      return error_exit([&] { parse_tokenizer(other, "f"); }) == Exit::bad_data;
    };
    const std::string& good = files.*text;
    for (std::size_t at = 0; at < good.size(); ++at)
      for (int bit = 0; bit < 8; ++bit) {
        std::string flipped = good;
        flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
        if (!refused(flipped)) FAIL("byte " << at);
      }
    for (std::size_t size = 0; size < good.size(); ++size) REQUIRE(refused(good.substr(0, size)));
  }
}

TEST_CASE("what a stranger may have changed in tokenizer.json is refused by field", "[hostile]") {
  const TokenizerFiles text = files_of(*words()), bpe = files_of(*pieces());
  CHECK(holds(refusal(changed(text, "format", "other")), "f/tokenizer.json: format"));
  CHECK(
      holds(refusal(changed(text, "version", 1)), "f/tokenizer.json: version: expected 2, found 1; an earlier moelm"));
  CHECK(holds(refusal(changed(text, "version", 3)), "version: expected 2, found 3; use a newer moelm"));
  CHECK(holds(refusal(changed(text, "kind", "gpt")), "f/tokenizer.json: kind"));
  CHECK(holds(refusal(changed(text, "extra", 1)), "unknown key"));
  CHECK(holds(refusal(changed(text, "vocabulary", 3'000'000'000)), "f/tokenizer.json: vocabulary"));
  CHECK(holds(refusal(changed(text, "vocabulary", -1)), "f/tokenizer.json: vocabulary"));
  CHECK(holds(refusal(changed(text, "lowercase", 1)), "f/tokenizer.json: lowercase"));
  CHECK(holds(refusal(changed(text, "vocab_sha256", "x")), "f/tokenizer.json: vocab_sha256"));
  CHECK(holds(refusal(changed(bpe, "merges", {116, 104, 257, 101})), "f/tokenizer.json: merges.2"));
  CHECK(holds(refusal(changed(bpe, "merges", {116, 104, -1, 101})), "f/tokenizer.json: merges.2"));
  CHECK(holds(refusal(changed(bpe, "merges", {116, 104, 116, 104})), "merges.2: expected a pair that was not merged"));
  CHECK(holds(refusal(changed(bpe, "merges", {116, 104, 256})), "f/tokenizer.json: merges: expected 4 ids"));
  CHECK(holds(refusal(changed(bpe, "vocabulary", 100)), "f/tokenizer.json: vocabulary"));
}

TEST_CASE("what a stranger may have changed in vocab.txt is refused by line", "[hostile]") {
  const TokenizerFiles text = files_of(*words()), bpe = files_of(*pieces());
  const auto refused = [&](const std::string& lines, const std::string& expected) {
    INFO(lines);
    CHECK(holds(refusal(with_lines(text, lines)), "f/vocab.txt: " + expected));
  };
  const std::string end = "</s>\t7\n<unk>\t5\na\t2\nb\t1\n";
  const std::string line = "line 1: expected a token, a TAB and a count, found ";
  refused("", "expected 5 lines, as tokenizer.json says, found 0");
  refused("the\t9\nmore\t1\n" + end, "expected 5 lines, as tokenizer.json says, found 6");
  refused("the\t9\n</s>\t7\n<unk>\t5\na\t2\nb\t1", "expected 5 lines, as tokenizer.json says, found 4 and one");
  refused("the\n" + end, line);
  refused("\t9\n" + end, line);
  refused("the\t\n" + end, line);
  refused("the\t-1\n" + end, line);
  refused("the\t+1\n" + end, line);
  refused("the\t9223372036854775808\n" + end, line);
  refused("the\t9 \n" + end, line);
  refused("the\tx\t9\n" + end, line);
  refused("\xff\t9\n" + end, "line 1: expected UTF-8");
  refused("b\t9\n" + end, "line 5: expected every word once, found \"b\" again");
  refused("the\t9\nx\t7\n<unk>\t5\na\t2\nb\t1\n", "expected \"</s>\" among the words");
  CHECK(holds(refusal({text.description, "other"}), "f/vocab.txt: sha256: expected "));
  std::string other = bpe.vocabulary;
  other.replace(other.find("\nth\t"), 3, "\nht");
  CHECK(holds(refusal(with_lines(bpe, other)), "f/vocab.txt: line 257: expected \"th\", found \"ht\""));
}

TEST_CASE("merges cannot grow without bound", "[hostile]") {
  Json::array_t merges = {97, 97};
  for (int id = 256; id < 300; ++id) merges.insert(merges.end(), {id, id});  // doubles every time
  TokenizerFiles files = changed(files_of(*pieces()), "vocabulary", 257 + 45);
  CHECK(holds(refusal(changed(files, "merges", merges)), "a piece of at most 128 bytes"));
}

TEST_CASE("the vocabulary of the paper's corpus is read with little more memory than its file") {
  constexpr Index kTypes = 793'471;
  Vocabulary vocabulary;
  vocabulary.words.add("</s>");
  vocabulary.words.add("<unk>");
  for (Index i = 2; i < kTypes; ++i) vocabulary.words.add("word" + std::to_string(i));
  vocabulary.counts.assign(static_cast<std::size_t>(kTypes), 5);
  const auto tokenizer = make_vocabulary_tokenizer(TokenizerKind::word, false, std::move(vocabulary));
  const auto back = parse_tokenizer(files_of(*tokenizer), "f");
  CHECK(back->vocabulary_size() == kTypes);
  EncodedText out;
  back->encode("word793470 word793471", out);
  CHECK(out.ids[0] == 793'470);
  CHECK(out.flags[1] == TokenFlag::unknown_word);
}
