// From text files to a data folder: what is in it, for odd texts and any number of threads.
#include "data/tokenize_corpus.hpp"

#include <set>

#include "data/default_splits.hpp"
#include "data/workshop.hpp"
#include "support/error_of.hpp"
#include "text/text_blocks.hpp"
#include "text/text_repair.hpp"

using namespace moelm;

TEST_CASE("three texts become three splits that decode to what they were") {
  const Workshop shop;
  const std::string train = shop.text("a.txt", "the cat sat\nthe dog\n"), valid = shop.text("v.txt", "the cow\n"),
                    test = shop.text("t.txt", "sat");
  const TokenizeResult result =
      shop.make("data", {.train = {train}, .valid = {valid}, .test = {test}, .kind = TokenizerKind::word});
  CHECK_FALSE(result.valid_held_back);
  CHECK(result.unknown_unseen);
  const Dataset data = shop.open("data");
  CHECK(data.checksum() == result.checksum);
  CHECK(decoded(data, Split::train) == "the cat sat\nthe dog\n");
  CHECK(decoded(data, Split::valid) == "the <unk>\n");
  CHECK(decoded(data, Split::test) == "sat\n");
  CHECK(data.split(Split::valid).unknown_words == 1);
  CHECK(data.split(Split::test).bytes == 3);
  CHECK(data.lines(Split::train) == 2);
  CHECK(data.tokenizer().token_text(0) == "</s>");  // twice, before "the" by bytes
  CHECK(data.tokenizer().token_text(1) == "the");
  CHECK(data.tokenizer().count(1) == 2);
  CHECK(verify_dataset(shop.path("data")).empty());
}

TEST_CASE("the files of a folder are the same bytes for any number of threads") {
  const Workshop shop;
  const std::string a = shop.text("a.txt", some_text(2'500'000, 1)), b = shop.text("b.txt", some_text(400'000, 2));
  for (const TokenizerKind kind : {TokenizerKind::text, TokenizerKind::word, TokenizerKind::byte, TokenizerKind::bpe}) {
    const TokenizeOptions options = {.train = {a, b}, .kind = kind};
    const std::string name(enum_name(kind));
    for (const int threads : {1, 2, 5}) shop.make(name + std::to_string(threads), options, threads);
    const auto expected = contents(shop.path(name + "1"));
    CHECK(expected.size() == 6);
    CHECK(contents(shop.path(name + "2")) == expected);
    CHECK(contents(shop.path(name + "5")) == expected);
    CHECK(verify_dataset(shop.path(name + "1")).empty());
  }
}

TEST_CASE("without valid and test the ends of every file are held back") {
  const Workshop shop;
  std::string lines;
  for (int i = 0; i < 2000; ++i) lines += "line " + std::to_string(i) + "\n";
  const std::string a = shop.text("a.txt", lines), b = shop.text("b.txt", lines + "and more\n");
  for (const TokenizerKind kind : {TokenizerKind::text, TokenizerKind::word, TokenizerKind::byte, TokenizerKind::bpe}) {
    const std::string name(enum_name(kind));
    const TokenizeResult result = shop.make(name, {.train = {a, b}, .kind = kind, .min_count = {}});
    CHECK(result.valid_held_back);
    CHECK(result.test_held_back);
    const Dataset data = shop.open(name);
    CHECK(data.lines(Split::train) + data.lines(Split::valid) + data.lines(Split::test) == 4001);
    for (const Split split : {Split::valid, Split::test}) {
      CHECK(data.lines(split) >= 150);  // bpe has more tokens a line there: the numbers are new
      CHECK(data.lines(split) <= 215);
      REQUIRE(data.split(split).inputs.size() == 2);
      CHECK(data.split(split).inputs[1].name == b);
    }
    const auto& tail = data.split(Split::test).inputs[0];
    CHECK(tail.first_line + (tail.lines.end - tail.lines.begin) == 2000);
    const auto& middle = data.split(Split::valid).inputs[0];
    CHECK(middle.first_line + (middle.lines.end - middle.lines.begin) == tail.first_line);
  }
  const Dataset bytes = shop.open("byte");
  CHECK(bytes.split(Split::train).bytes + bytes.split(Split::valid).bytes + bytes.split(Split::test).bytes ==
        static_cast<Index>(2 * lines.size() + 9));
}

TEST_CASE("the vocabulary comes from the training part alone") {
  const Workshop shop;
  std::string text;
  for (int i = 0; i < 100; ++i) text += "word" + std::to_string(i) + " again\n";
  shop.make("data", {.train = {shop.text("a.txt", text)}, .kind = TokenizerKind::word});
  const Dataset data = shop.open("data");
  std::set<std::string> words;
  for (std::int32_t id = 0; id < data.tokenizer().vocabulary_size(); ++id)
    words.insert(data.tokenizer().token_text(id));
  CHECK(words.contains("word0"));
  CHECK_FALSE(words.contains("word99"));
  CHECK_FALSE(words.contains("word92"));
  CHECK(data.split(Split::test).unknown_words == data.lines(Split::test));
  CHECK_FALSE(data.lossless(Split::test));
  CHECK(data.lossless(Split::train));
}

TEST_CASE("held back text is at most 250,000 tokens a split, in long lines too") {
  const Workshop shop;
  const std::string lines = some_text(9'000'000, 3);
  std::string line = lines;
  for (char& c : line)
    if (c == '\n') c = ' ';
  for (const std::string& text : {lines, line})
    for (const TokenizerKind kind : {TokenizerKind::byte, TokenizerKind::bpe}) {
      const TokenizeOptions options = {
          .train = {shop.text("a.txt", text)},
          .kind = kind,
          .vocabulary_size = kind == TokenizerKind::bpe ? std::optional<Index>(257) : std::nullopt};
      std::filesystem::remove_all(shop.path("data"));
      shop.make("data", options);
      const Dataset data = shop.open("data");
      for (const Split split : {Split::valid, Split::test}) {
        CHECK(data.tokens(split) <= kMaxHeldBack);
        CHECK(data.tokens(split) >= kMaxHeldBack * 9 / 10);
      }
      CHECK(decoded(data, Split::train) + decoded(data, Split::valid) + decoded(data, Split::test) == text);
    }
}

TEST_CASE("texts too short to hold something back stay whole") {
  const Workshop shop;
  const TokenizeResult result = shop.make("data", {.train = {shop.text("a.txt", "one line\n")}});
  CHECK(result.index.split(Split::train).lines == 1);
  CHECK(result.index.split(Split::valid).tokens == 0);
  CHECK(result.index.split(Split::test).tokens == 0);
  CHECK(shop.open("data").tokens(Split::test) == 0);
}

TEST_CASE("odd texts have a stated result") {
  const Workshop shop;
  const std::string nothing = shop.text("nothing", "");
  const auto make = [&](const std::string& out, const std::string& text, TokenizerKind kind) {
    return shop.make(out, {.train = {shop.text("odd", text)}, .valid = {nothing}, .test = {nothing}, .kind = kind})
        .index.split(Split::train);
  };
  const std::vector<TokenizerKind> kinds = {TokenizerKind::text, TokenizerKind::word, TokenizerKind::byte,
                                            TokenizerKind::bpe};
  for (const TokenizerKind kind : kinds) {
    const std::string name(enum_name(kind));
    const auto empty = [&] { make(name + "-empty", "", kind); };
    CHECK(error_exit(empty) == Exit::bad_data);
    CHECK(holds(error_text(empty), "odd: expected training text, found none"));
    CHECK_FALSE(std::filesystem::exists(shop.path(name + "-empty")));
    CHECK_FALSE(std::filesystem::exists(shop.path(name + "-empty.partial")));
    const bool bytes = kind == TokenizerKind::byte || kind == TokenizerKind::bpe;
    CHECK(make(name + "-newlines", "\n\n\n", kind).tokens == (bytes ? 4 : 3));
    CHECK(make(name + "-one", "x", kind).tokens == 2);
    CHECK(make(name + "-spaces", " \t ", kind).tokens == (bytes ? 4 : 1));
    // NUL bytes are bytes, but no text.
    const auto zeros = [&] { return make(name + "-nul", std::string("\0\0\n", 3), kind); };
    if (bytes) {
      CHECK(zeros().lines == 1);
      CHECK(verify_dataset(shop.path(name + "-nul")).empty());
    } else {
      CHECK(error_exit([&] { zeros(); }) == Exit::bad_data);
      CHECK(holds(error_text([&] { zeros(); }), "found a NUL byte"));
    }
  }
  const auto utf16 = [&] { make("utf16", "\xFF\xFEh\0i\0", TokenizerKind::text); };
  CHECK(holds(error_text(utf16), "found UTF-16"));
}

TEST_CASE("a byte order mark is dropped from text and kept in bytes; all faults are counted") {
  const Workshop shop;
  const std::string raw = std::string(kByteOrderMark) + "a\r\nb\xFF\n" + std::string(kByteOrderMark) + "\n";
  const std::string file = shop.text("a", raw), nothing = shop.text("nothing", "");
  shop.make("word", {.train = {file}, .valid = {nothing}, .test = {nothing}, .kind = TokenizerKind::word});
  shop.make("byte", {.train = {file}, .valid = {nothing}, .test = {nothing}, .kind = TokenizerKind::byte});
  const Dataset words = shop.open("word"), bytes = shop.open("byte");
  CHECK(decoded(words, Split::train) == "a\nb\xEF\xBF\xBD\n" + std::string(kByteOrderMark) + "\n");
  CHECK(decoded(bytes, Split::train) == raw);
  for (const Dataset* data : {&words, &bytes}) {
    CHECK(data->split(Split::train).faults == TextFaults{1, 1, 1});
    CHECK(data->split(Split::train).bytes == static_cast<Index>(raw.size()));
  }
}

TEST_CASE("a huge line without a space is cut, not kept in memory, and loses nothing as bytes") {
  const Workshop shop;
  const std::string line(std::size_t{5} * kTextBlockBytes / 2, 'a');
  const std::string file = shop.text("a", line), nothing = shop.text("nothing", "");
  for (const TokenizerKind kind : {TokenizerKind::text, TokenizerKind::word, TokenizerKind::byte, TokenizerKind::bpe}) {
    const std::string name(enum_name(kind));
    shop.make(name, {.train = {file}, .valid = {nothing}, .test = {nothing}, .kind = kind});
    const Dataset data = shop.open(name);
    CHECK(data.lines(Split::train) == 1);
    CHECK(data.split(Split::train).bytes == static_cast<Index>(line.size()));
    if (data.tokenizer().keeps_bytes()) CHECK(decoded(data, Split::train) == line);
  }
}

TEST_CASE("a byte order mark alone is not a line") {
  const Workshop shop;
  const std::string train = shop.text("train", "the cat\n"), mark = shop.text("mark", "\xEF\xBB\xBF");
  const TokenizeResult made = shop.make("data", {.train = {train}, .valid = {mark}, .test = {train}});
  CHECK(made.index.split(Split::valid).tokens == 0);
  CHECK(made.index.split(Split::valid).lines == 0);
  CHECK(made.index.split(Split::valid).bytes == 3);
}

TEST_CASE("names of inputs that are not UTF-8, or hold a backslash, come back from the index") {
  const Workshop shop;
  const std::string odd = shop.text("caf\xe9\\x41", "the cat\n"), train = shop.text("train", "the dog\n");
  shop.make("data", {.train = {train}, .valid = {odd}, .test = {train}});
  CHECK(shop.open("data").split(Split::valid).inputs.at(0).name == odd);
}

TEST_CASE("white space that the tokens do not hold is told, also from the index") {
  const Workshop shop;
  const std::string plain = shop.text("plain", "the cat\n\nsat\n"), odd = shop.text("odd", "the  cat\n");
  shop.make("data", {.train = {plain}, .valid = {odd}, .test = {plain}, .kind = TokenizerKind::word});
  const Dataset data = shop.open("data");
  CHECK(data.lossless(Split::train));
  CHECK_FALSE(data.lossless(Split::valid));
  CHECK(data.lossless(Split::test));
}
