// Vocabularies that are given: those of folders, lists of words, and options that contradict them.
#include <algorithm>

#include "data/workshop.hpp"
#include "io/json.hpp"
#include "io/sealed_json.hpp"
#include "support/error_of.hpp"

using namespace moelm;

TEST_CASE("a vocabulary that is given keeps its ids") {
  const Workshop shop;
  const std::string a = shop.text("a", "x x x y y z\n"), b = shop.text("b", "z z z new\n"),
                    none = shop.text("none", "");
  shop.make("first", {.train = {a}, .valid = {none}, .test = {none}, .kind = TokenizerKind::word});
  for (const std::string given : {"first", "first/tokenizer.json"}) {
    std::filesystem::remove_all(shop.path("second"));
    shop.make("second", {.train = {b}, .valid = {none}, .test = {none}, .vocabulary = shop.path(given)});
    for (const char* name : {"/tokenizer.json", "/vocab.txt"})
      CHECK(get_file(shop.path("second") + name) == get_file(shop.path("first") + name));
    CHECK(decoded(shop.open("second"), Split::train) == "z z z <unk>\n");
  }
  const auto other_kind = [&] {
    shop.make("third", {.train = {b}, .kind = TokenizerKind::text, .vocabulary = shop.path("first")});
  };
  CHECK(error_exit(other_kind) == Exit::usage);
}

TEST_CASE("a vocabulary that is given is the one that its folder knows") {
  const Workshop shop;
  const std::string a = shop.text("a", "x x x y y z\n"), none = shop.text("none", "");
  shop.make("data", {.train = {a}, .valid = {none}, .test = {none}, .kind = TokenizerKind::word});
  shop.make("other", {.train = {a}, .valid = {none}, .test = {none}, .kind = TokenizerKind::bpe});
  const auto refusal = [&](const std::string& given) {
    std::filesystem::remove_all(shop.path("new"));
    const auto make = [&] { shop.make("new", {.train = {a}, .vocabulary = shop.path(given)}); };
    CHECK(error_exit(make) == Exit::bad_data);
    return error_text(make);
  };
  const auto copy = [&](const std::string& folder) {
    for (const char* name : {"/tokenizer.json", "/vocab.txt"})
      put_file(shop.path(folder) + name, get_file(shop.path("other") + name));
  };
  const std::string known = shop.open("data").index().tokenizer_sha256;
  std::filesystem::create_directory(shop.path("run"));
  shop.text("run/config.json", sealed_json_text({{"format", "moelm-run"}, {"data", {{"tokenizer_sha256", known}}}}));
  copy("run");
  CHECK(holds(refusal("run"), "run/tokenizer.json: sha256: expected " + known + " (as config.json says)"));
  CHECK(holds(refusal("run/tokenizer.json"), "as config.json says"));
  copy("data");
  CHECK(holds(refusal("data"), "data/tokenizer.json: sha256: expected " + known + " (as index.json says)"));
  std::filesystem::remove(shop.path("run/config.json"));  // two files without a folder that knows them
  std::filesystem::remove_all(shop.path("new"));
  CHECK(shop.make("new", {.train = {a}, .vocabulary = shop.path("run")}).index.kind == TokenizerKind::bpe);
}

TEST_CASE("a list of words is ranked by the training counts, absent words last") {
  const Workshop shop;
  const std::string list = shop.text("list", "absent\t3\nb 17\r\na\n\n  c\nb\n"), none = shop.text("none", "");
  const std::string text = shop.text("text", "a c c c b b other\n");
  shop.make("data",
            {.train = {text}, .valid = {none}, .test = {none}, .kind = TokenizerKind::word, .vocabulary = list});
  std::vector<std::string> words;
  const Dataset data = shop.open("data");
  for (std::int32_t id = 0; id < data.tokenizer().vocabulary_size(); ++id)
    words.push_back(data.tokenizer().token_text(id));
  CHECK(words == std::vector<std::string>{"c", "b", "</s>", "<unk>", "a", "absent"});
}

TEST_CASE("lists of SRILM and fairseq are read") {
  const Workshop shop;
  const std::string text = shop.text("text", "the cat ## sat\n"), none = shop.text("none", "");
  const auto words_of = [&](const std::string& list) {
    std::filesystem::remove_all(shop.path("data"));
    shop.make("data", {.train = {text},
                       .valid = {none},
                       .test = {none},
                       .kind = TokenizerKind::word,
                       .vocabulary = shop.text("list", list)});
    std::vector<std::string> words;
    const Dataset data = shop.open("data");
    for (std::int32_t id = 0; id < data.tokenizer().vocabulary_size(); ++id)
      words.push_back(data.tokenizer().token_text(id));
    std::sort(words.begin(), words.end());
    return words;
  };
  const std::vector<std::string> expected = {"</s>", "<unk>", "cat", "the"};
  // ngram-count -write-vocab; a comment has words behind its mark.
  CHECK(words_of("## made by ngram-count\n<s>\n</s>\n<unk>\nthe\ncat\n") == expected);
  // fairseq-preprocess: filled up to a multiple of 8, duplicates marked.
  CHECK(words_of("the 1061396\ncat 12\nmadeupword0000 0\nmadeupword0001 0\n") == expected);
  CHECK(words_of("<s> 1 #fairseq:overwrite\n<pad> 1 #fairseq:overwrite\nthe 3\ncat 2 #fairseq:overwrite\n") ==
        expected);
  // Words that only look like these.
  CHECK(words_of("##\n## 3\n##ing\nmadeupword\n") ==
        std::vector<std::string>{"##", "##ing", "</s>", "<unk>", "madeupword"});
}

TEST_CASE("a tokenizer of Hugging Face keeps its ids, and its counts are those of the training text") {
  const Workshop shop;
  const std::string text = shop.text("text", "b b a new\n"), none = shop.text("none", "");
  const std::string file =
      shop.text("words.json", R"({"pre_tokenizer": {"type": "WhitespaceSplit"}, "model": {"type": "WordLevel",)"
                              R"( "vocab": {"a": 1, "[UNK]": 0, "b": 2}, "unk_token": "[UNK]"}})");
  const TokenizeResult result =
      shop.make("data", {.train = {text}, .valid = {none}, .test = {none}, .vocabulary = file});
  CHECK(get_file(shop.path("data/vocab.txt")) == "<unk>\t1\na\t1\nb\t2\n</s>\t1\n");
  REQUIRE(result.vocabulary_notes.size() == 2);
  CHECK(holds(result.vocabulary_notes[0], "[UNK] of --vocab is called <unk> here"));
  CHECK(holds(result.vocabulary_notes[1], "</s> is not in --vocab and was added with the id 3"));
  const auto refused = [&] { shop.make("no", {.train = {text}, .lowercase = true, .vocabulary = file}); };
  CHECK(error_exit(refused) == Exit::usage);
}

TEST_CASE("options that contradict each other are usage errors") {
  const Workshop shop;
  const std::string a = shop.text("a", "x\n");
  const auto exit_of = [&](TokenizeOptions options) { return error_exit([&] { shop.make("data", options); }); };
  CHECK(exit_of({.train = {}}) == Exit::usage);
  CHECK(exit_of({.train = {"-"}, .valid = {"-"}}) == Exit::usage);
  CHECK(exit_of({.train = {"-"}, .vocabulary = "-"}) == Exit::usage);
  CHECK(exit_of({.train = {a}, .kind = TokenizerKind::byte, .vocabulary_size = 300}) == Exit::usage);
  CHECK(exit_of({.train = {a}, .kind = TokenizerKind::byte, .lowercase = true}) == Exit::usage);
  CHECK(exit_of({.train = {a}, .kind = TokenizerKind::bpe, .vocabulary_size = 256}) == Exit::usage);
  CHECK(exit_of({.train = {a}, .vocabulary_size = 1}) == Exit::usage);
  CHECK(exit_of({.train = {a}, .kind = TokenizerKind::bpe, .vocabulary = a}) == Exit::usage);
  CHECK(exit_of({.train = {a}, .min_count = 2, .vocabulary = a}) == Exit::usage);
  CHECK(exit_of({.train = {shop.path("none")}}) == Exit::missing_input);
  CHECK_FALSE(std::filesystem::exists(shop.path("data")));
}

TEST_CASE("words of a list that the tokenizer never makes are counted, and so is a list of none") {
  const Workshop shop;
  const std::string train = shop.text("train", "the cat sat\n");
  const auto listed = [&](TokenizerKind kind, const std::string& words) {
    std::filesystem::remove_all(shop.path("data"));
    return shop.make("data", {.train = {train}, .kind = kind, .vocabulary = shop.text("list", words)});
  };
  const TokenizeResult text = listed(TokenizerKind::text, "the\ncat\nNew-York\nU.S.\n<num>\nwell-known\n");
  CHECK(text.listed_words == 6);
  CHECK(text.unmatched_words == 4);
  CHECK(text.unmatched_example.size() > 1);
  const TokenizeResult word =
      listed(TokenizerKind::word, "the\nNew-York\nNew\xc2\xa0York\n" + std::string(2000, 'x') + "\n");
  CHECK(word.listed_words == 4);
  CHECK(word.unmatched_words == 2);
  CHECK(word.vocabulary_notes.empty());
  const TokenizeResult latin = listed(TokenizerKind::word, "the\ncaf\xe9\nd\xe9j\xe0\n");
  REQUIRE(latin.vocabulary_notes.size() == 1);
  CHECK(holds(latin.vocabulary_notes[0], "2 words of --vocab have U+FFFD in the place of what is no UTF-8"));
  CHECK(holds(latin.vocabulary_notes[0], "iconv -f WINDOWS-1252 -t UTF-8"));
  CHECK(listed(TokenizerKind::word, "").listed_words == 0);
  std::filesystem::remove_all(shop.path("data"));
  CHECK(shop.make("data", {.train = {train}, .kind = TokenizerKind::word}).listed_words == -1);
}
