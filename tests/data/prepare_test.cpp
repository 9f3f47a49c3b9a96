// From text files to a data folder: what is in it, for odd texts, any number of threads, and given vocabularies.
#include "data/prepare.hpp"

#include <sys/stat.h>

#include <map>
#include <set>

#include "data/dataset.hpp"
#include "data/default_splits.hpp"
#include "data/index_room.hpp"
#include "data/token_cursor.hpp"
#include "io/file.hpp"
#include "io/json.hpp"
#include "io/sealed_json.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/random_bytes.hpp"
#include "support/temporary_directory.hpp"
#include "text/text_blocks.hpp"
#include "text/text_repair.hpp"
#include "tokenizer/tokenizer_file.hpp"

using namespace moelm;

namespace {

/// A folder with texts, and data folders made of them.
class Workshop {
 public:
  std::string text(const std::string& name, const std::string& bytes) const {
    put_file(folder_ / name, bytes);
    return folder_ / name;
  }
  std::string path(const std::string& name) const { return folder_ / name; }

  PrepareResult make(const std::string& out, PrepareOptions options, int threads = 2) const {
    options.out = folder_ / out;
    Context context(threads);
    return prepare_dataset(options, context);
  }
  Dataset open(const std::string& out) const { return Dataset::open(folder_ / out); }

 private:
  TemporaryDirectory folder_;
};

std::vector<std::int32_t> ids_of(const Dataset& data, Split split) {
  std::vector<std::int32_t> ids(static_cast<std::size_t>(data.tokens(split)));
  TokenCursor cursor(data, split);
  REQUIRE(cursor.read(data.tokens(split) + 5, ids.data()) == data.tokens(split));
  return ids;
}

std::string decoded(const Dataset& data, Split split) { return data.tokenizer().decode(ids_of(data, split)); }

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Names and contents of all files of a folder.
std::map<std::string, std::string> contents(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    files[entry.path().filename().string()] = slurp(entry.path().string());
  return files;
}

/// Words of a natural spread, in lines of different lengths.
std::string some_text(std::size_t bytes, std::uint64_t seed) {
  RandomBytes random(seed);
  std::string text;
  while (text.size() < bytes) {
    for (std::uint64_t words = random.below(20); words > 0; --words)
      text += "w" + std::to_string(random.below(1 + random.below(2000))) + (random.below(9) == 0 ? ", " : " ");
    text += "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("three texts become three splits that decode to what they were") {
  const Workshop shop;
  const std::string train = shop.text("a.txt", "the cat sat\nthe dog\n"), valid = shop.text("v.txt", "the cow\n"),
                    test = shop.text("t.txt", "sat");
  const PrepareResult result =
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
    const PrepareOptions options = {.train = {a, b}, .kind = kind};
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
    const PrepareResult result = shop.make(name, {.train = {a, b}, .kind = kind, .min_count = {}});
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
      const PrepareOptions options = {
          .train = {shop.text("a.txt", text)},
          .kind = kind,
          .vocabulary_size = kind == TokenizerKind::bpe ? std::optional<Index>(257) : std::nullopt};
      std::filesystem::remove_all(shop.path("data"));
      shop.make("data", options);
      const Dataset data = shop.open("data");
      for (const Split split : {Split::valid, Split::test}) {
        CHECK(data.tokens(split) <= kMostHeldBack);
        CHECK(data.tokens(split) >= kMostHeldBack * 9 / 10);
      }
      CHECK(decoded(data, Split::train) + decoded(data, Split::valid) + decoded(data, Split::test) == text);
    }
}

TEST_CASE("texts too short to hold something back stay whole") {
  const Workshop shop;
  const PrepareResult result = shop.make("data", {.train = {shop.text("a.txt", "one line\n")}});
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

TEST_CASE("a vocabulary that is given keeps its ids") {
  const Workshop shop;
  const std::string a = shop.text("a", "x x x y y z\n"), b = shop.text("b", "z z z new\n"),
                    none = shop.text("none", "");
  shop.make("first", {.train = {a}, .valid = {none}, .test = {none}, .kind = TokenizerKind::word});
  for (const std::string given : {"first", "first/tokenizer.json"}) {
    std::filesystem::remove_all(shop.path("second"));
    shop.make("second", {.train = {b}, .valid = {none}, .test = {none}, .vocabulary = shop.path(given)});
    for (const char* name : {"/tokenizer.json", "/vocab.txt"})
      CHECK(slurp(shop.path("second") + name) == slurp(shop.path("first") + name));
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
      put_file(shop.path(folder) + name, slurp(shop.path("other") + name));
  };
  const std::string known = shop.open("data").index().tokenizer_sha256;
  std::filesystem::create_directory(shop.path("run"));
  shop.text("run/config.json", sealed_json_text({{"data", {{"tokenizer_sha256", known}}}}));
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

TEST_CASE("options that contradict each other are usage errors") {
  const Workshop shop;
  const std::string a = shop.text("a", "x\n");
  const auto exit_of = [&](PrepareOptions options) { return error_exit([&] { shop.make("data", options); }); };
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

TEST_CASE("nothing is overwritten, leftovers are cleared, a stop leaves nothing") {
  const Workshop shop;
  const std::string a = shop.text("a", some_text(50'000, 4));
  std::filesystem::create_directory(shop.path("data"));  // empty: fine
  std::filesystem::create_directory(shop.path("data.partial"));
  shop.text("data.partial/train-00000.shard", "left by a run that was killed");
  shop.make("data", {.train = {a}});
  const auto before = contents(shop.path("data"));
  CHECK(before.size() == 6);
  const auto again = [&] { shop.make("data", {.train = {a}}); };
  CHECK(error_exit(again) == Exit::cannot_create);
  CHECK(contents(shop.path("data")) == before);

  std::filesystem::remove_all(shop.path("data.partial"));

  Context context(2);
  for (int after = 0; after < 5; ++after) {
    int asked = 0;
    const JobHooks hooks = {.stop = [&] { return asked++ >= after; }, .progress = {}};
    const PrepareOptions options = {.out = shop.path("stopped"), .train = {a}};
    const Exit exit = error_exit([&] { prepare_dataset(options, context, hooks); });
    const bool there = std::filesystem::exists(shop.path("stopped/index.json"));
    CHECK(exit == (there ? Exit::ok : Exit::stopped));
    CHECK_FALSE(std::filesystem::exists(shop.path("stopped.partial")));
    if (there) break;
  }
  std::filesystem::remove_all(shop.path("stopped"));
  shop.make("stopped", {.train = {a}});
  CHECK(contents(shop.path("stopped")) == before);
}

TEST_CASE("a folder NAME.partial of somebody else is kept, with the input that may be in it") {
  const Workshop shop;
  const std::string a = shop.text("a", some_text(50'000, 4)), partial = shop.path("data.partial");
  const auto kept = [&](const std::vector<std::string>& names) {
    std::filesystem::remove_all(partial);
    std::filesystem::create_directory(partial);
    for (const std::string& name : names) shop.text("data.partial/" + name, "mine");
    const auto before = contents(partial);
    const auto make = [&] { shop.make("data", {.train = {names.empty() ? a : partial + "/" + names[0]}}); };
    CHECK(error_exit(make) == Exit::cannot_create);
    CHECK(contents(partial) == before);
    CHECK_FALSE(std::filesystem::exists(shop.path("data")));
  };
  kept({"thesis.tex"});
  kept({"tokenizer.json"});
  kept({"train-00000.shard", "thesis.tex"});
  kept({"train-00000.shard", "tokenizer.json", "index.json"});  // a whole data folder
  kept({"train-0.shard"});
  kept({".moelm-partial", "train-00000.shard", "thesis.tex"});
  std::filesystem::remove_all(partial);
  std::filesystem::create_directory(partial);
  for (const char* name : {".moelm-partial", "train-00000.shard", "tokenizer.json", "vocab.txt", ".tmp-vocab.txt-17-0",
                           ".tmp-index.json-17-0"})
    shop.text("data.partial/" + std::string(name), "left by a run that was killed");
  shop.make("data", {.train = {a}});
  CHECK(contents(shop.path("data")).size() == 6);
  CHECK_FALSE(std::filesystem::exists(partial));
}

TEST_CASE("an empty folder is filled in place, as a volume must be, with the index last; a leftover in it is cleared") {
  const Workshop shop;
  const std::string a = shop.text("a", some_text(50'000, 4)), volume = shop.path("volume");
  std::filesystem::create_directories(volume + "/lost+found");
  struct stat before {
  }, after{};
  REQUIRE(::stat(volume.c_str(), &before) == 0);
  Context context(1);
  const JobHooks stops = {.stop = [asked = 0]() mutable { return ++asked > 2; }, .progress = {}};
  const PrepareOptions options = {.out = volume, .train = {a}};
  CHECK(error_exit([&] { prepare_dataset(options, context, stops); }) == Exit::stopped);
  CHECK(list_directory(volume) == std::vector<std::string>{"lost+found"});
  for (const char* name : {".moelm-partial", "valid-00000.shard"}) shop.text("volume/" + std::string(name), "leftover");
  shop.make("volume", {.train = {a}});
  REQUIRE(::stat(volume.c_str(), &after) == 0);
  CHECK(before.st_ino == after.st_ino);
  CHECK(list_directory(volume) == std::vector<std::string>{"index.json", "lost+found", "test-00000.shard",
                                                           "tokenizer.json", "train-00000.shard", "valid-00000.shard",
                                                           "vocab.txt"});
  CHECK_FALSE(std::filesystem::exists(volume + ".partial"));
  std::filesystem::remove(volume + "/index.json");  // no leftover of ours: it has lost its mark
  CHECK(error_exit([&] { shop.make("volume", {.train = {a}}); }) == Exit::cannot_create);
  CHECK(std::filesystem::exists(volume + "/train-00000.shard"));
}

TEST_CASE("more files than an index has room for are refused before the work") {
  PrepareOptions options;
  for (int i = 0; i < 5000; ++i) options.train.push_back("corpus/" + std::to_string(i) + ".txt");
  require_readable_index(options);
  while (options.train.size() < 100'000)
    options.train.push_back(std::string(200, 'x') + std::to_string(options.train.size()));
  CHECK(error_exit([&] { require_readable_index(options); }) == Exit::bad_data);
  CHECK(holds(error_text([&] { require_readable_index(options); }), "--train: expected fewer files, found 100,000"));
}

TEST_CASE("words of a list that the tokenizer never makes are counted, and so is a list of none") {
  const Workshop shop;
  const std::string train = shop.text("train", "the cat sat\n");
  const auto listed = [&](TokenizerKind kind, const std::string& words) {
    std::filesystem::remove_all(shop.path("data"));
    return shop.make("data", {.train = {train}, .kind = kind, .vocabulary = shop.text("list", words)});
  };
  const PrepareResult text = listed(TokenizerKind::text, "the\ncat\nNew-York\nU.S.\n<num>\nwell-known\n");
  CHECK(text.listed_words == 6);
  CHECK(text.unmatched_words == 4);
  CHECK(text.unmatched_example.size() > 1);
  const PrepareResult word =
      listed(TokenizerKind::word, "the\nNew-York\nNew\xc2\xa0York\n" + std::string(2000, 'x') + "\n");
  CHECK(word.listed_words == 4);
  CHECK(word.unmatched_words == 2);
  CHECK(listed(TokenizerKind::word, "").listed_words == 0);
  std::filesystem::remove_all(shop.path("data"));
  CHECK(shop.make("data", {.train = {train}, .kind = TokenizerKind::word}).listed_words == -1);
}

TEST_CASE("a byte order mark alone is no line") {
  const Workshop shop;
  const std::string train = shop.text("train", "the cat\n"), mark = shop.text("mark", "\xEF\xBB\xBF");
  const PrepareResult made = shop.make("data", {.train = {train}, .valid = {mark}, .test = {train}});
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
