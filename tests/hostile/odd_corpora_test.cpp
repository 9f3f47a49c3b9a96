// Odd texts have a stated result, in bounded memory. (A stop and a kill at any moment:
// tests/data/tokenize_corpus_test and tests/apps/tokenize_command_test.)
#include <sys/stat.h>

#include "data/dataset.hpp"
#include "data/token_cursor.hpp"
#include "data/tokenize_corpus.hpp"
#include "io/file.hpp"
#include "support/campaign.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/gzip_bytes.hpp"
#include "support/peak_memory.hpp"
#include "support/random_bytes.hpp"
#include "support/stored_tokenizer.hpp"
#include "support/temporary_directory.hpp"
#include "text/text_blocks.hpp"
#include "text/text_source.hpp"

using namespace moelm;

namespace {

constexpr TokenizerKind kKinds[] = {TokenizerKind::text, TokenizerKind::word, TokenizerKind::byte, TokenizerKind::bpe};

/// A folder for texts and what is made of them.
class Desk {
 public:
  std::string put(const std::string& name, const std::string& bytes) const {
    put_file(folder_ / name, bytes);
    return folder_ / name;
  }
  std::string path(const std::string& name) const { return folder_ / name; }

  /// The training split of a file, nothing held back.
  SplitIndex make(const std::string& file, TokenizerKind kind) const {
    const std::string nothing = put("nothing", "");
    std::filesystem::remove_all(path("data"));
    Context context(1);
    return tokenize_corpus({.out = path("data"), .train = {file}, .valid = {nothing}, .test = {nothing}, .kind = kind},
                           context)
        .index.split(Split::train);
  }
  std::string refusal(const std::string& bytes, TokenizerKind kind) const {
    const auto action = [&] { make(put("odd", bytes), kind); };
    CHECK(error_exit(action) == Exit::bad_data);
    CHECK_FALSE(path_exists(path("data")));
    CHECK_FALSE(path_exists(path("data.partial")));
    return error_text(action);
  }
  std::string decoded() const {
    const Dataset data = Dataset::open(path("data"));
    std::vector<std::int32_t> ids(static_cast<std::size_t>(data.tokens(Split::train)));
    TokenCursor(data, Split::train).read(data.tokens(Split::train), ids.data());
    return data.tokenizer().decode(ids);
  }

 private:
  TemporaryDirectory folder_;
};

bool keeps_bytes(TokenizerKind kind) { return kind == TokenizerKind::byte || kind == TokenizerKind::bpe; }

/// A file that looks `bytes` long and takes no room.
void put_sparse(const std::string& path, Index bytes) {
  put_file(path, "");
  REQUIRE(::truncate(path.c_str(), static_cast<off_t>(bytes)) == 0);
}

}  // namespace

TEST_CASE("texts of nothing, of one token, of white space", "[odd-text]") {
  const Desk desk;
  for (const TokenizerKind kind : kKinds) {
    INFO(enum_name(kind));
    CHECK(holds(desk.refusal("", kind), "odd: expected training text, found none"));
    CHECK(holds(desk.refusal(gzip_bytes(""), kind), "odd: expected training text, found none"));
    const bool bytes = keeps_bytes(kind);
    for (const auto& [text, words, kept] : {std::tuple("x", 2, 2),
                                            {"\n", 1, 2},
                                            {" ", 1, 2},
                                            {"\r\n", 1, 3},
                                            {"\n\n\n", 3, 4},
                                            {"x\n", 2, 3},
                                            {"\xff", 2, 2}}) {
      INFO("\"" << text << "\"");
      const SplitIndex split = desk.make(desk.put("odd", text), kind);
      if (kind != TokenizerKind::bpe || std::string(text).size() == 1) CHECK(split.tokens == (bytes ? kept : words));
      CHECK(split.bytes == static_cast<Index>(std::string(text).size()));
      CHECK(verify_dataset(desk.path("data")).empty());
    }
  }
}

TEST_CASE("a vocabulary of the two words that every vocabulary has, and one that lacks them", "[odd-text]") {
  const Desk desk;
  const SplitIndex split = desk.make(desk.put("odd", "\n\n\n"), TokenizerKind::word);
  CHECK(split.unknown_words == 0);
  CHECK(Dataset::open(desk.path("data")).tokenizer().vocabulary_size() == 2);
  TokenizerFiles files = Dataset::open(desk.path("data")).tokenizer_files();
  files.vocabulary.erase(files.vocabulary.find("<unk>"), 5).insert(files.vocabulary.find("\t0"), "x");
  CHECK(holds(error_text([&] { parse_tokenizer(resealed(files), "t"); }), "expected \"<unk>\" among the words"));
}

TEST_CASE("text without a line end is read in bounded memory and loses nothing", "[odd-text]") {
  const std::size_t pieces = long_campaign() ? 1024 : 24;
  const Desk desk;
  const std::string file = desk.path("line");
  {
    std::ofstream out(file, std::ios::binary);
    const std::string piece(std::size_t{1} << 20, 'a');
    for (std::size_t i = 0; i < pieces; ++i) out << piece;
  }
  for (const TokenizerKind kind : kKinds) {
    INFO(enum_name(kind));
    const Index growth = peak_growth([&] { desk.make(file, kind); });
    const Dataset data = Dataset::open(desk.path("data"));
    CHECK(data.lines(Split::train) == 1);
    CHECK(data.split(Split::train).bytes == static_cast<Index>(pieces << 20));
    if (memory_is_ours()) CHECK(growth < Index{256} << 20);
  }
}

TEST_CASE("malformed UTF-8 at every place around the end of a buffer", "[odd-text]") {
  const Desk desk;
  const std::vector<std::string> sequences = {"\xff",         "\xc0\xaf",         "\xe2\x82",         "\xed\xa0\x80",
                                              "\xf0\x9f\x98", "\xf4\x90\x80\x80", "\xe2\x82\xac\xe2", "\xc3\xa9"};
  std::string text(static_cast<std::size_t>(kTextBlockBytes) - 200, 'w');
  for (std::size_t i = 50; i < text.size(); i += 50) text[i] = i % 500 == 0 ? '\n' : ' ';
  const std::string start = text;
  // The same faults are counted and the same text comes out wherever the block happens to end.
  for (const std::string& sequence : sequences)
    for (std::size_t before = 0; before < 8; ++before) {
      text = start + "\n" + std::string(199 - before, 'v') + sequence + "v end\n";
      const SplitIndex split = desk.make(desk.put("odd", text), TokenizerKind::word);
      std::string repaired;
      TextFaults faults;
      const std::string expected(repair_text(text, repaired, faults));
      CHECK(split.faults == faults);
      CHECK(split.bytes == static_cast<Index>(text.size()));
      if (desk.decoded() != expected) FAIL("another text, " << before << " bytes before the end of a block");
    }
}

TEST_CASE("line ends, marks, other encodings and compressed text", "[odd-text]") {
  const Desk desk;
  const std::string mixed = "a\r\nb\nc\rd\n\r\ne";
  const SplitIndex words = desk.make(desk.put("odd", mixed), TokenizerKind::word);
  CHECK(words.faults.carriage_returns == 2);
  CHECK(words.lines == 5);
  desk.make(desk.put("odd", mixed), TokenizerKind::byte);
  CHECK(desk.decoded() == mixed);
  CHECK(
      holds(desk.refusal(std::string("a\0b\n", 4), TokenizerKind::word), "offset 1: expected plain text, found a NUL"));
  CHECK(desk.make(desk.put("odd", std::string("a\0b\n", 4)), TokenizerKind::byte).tokens == 5);
  for (const char* mark : {"\xff\xfe", "\xfe\xff"})
    CHECK(holds(desk.refusal(mark + std::string("h\0i\0", 4), TokenizerKind::text), "found UTF-16"));
  CHECK(desk.make(desk.put("odd.txt", gzip_bytes("a b\n")), TokenizerKind::word).tokens == 3);
  const std::string packed = gzip_bytes(std::string(100'000, 'x'));
  CHECK(holds(desk.refusal(packed.substr(0, packed.size() / 2), TokenizerKind::word), "found the end of the file"));
  CHECK(holds(desk.refusal("\x1f\x8b hello", TokenizerKind::word), "expected gzip data, found damage"));
  CHECK(holds(desk.refusal(packed + "junk", TokenizerKind::word), "gzip"));
}

TEST_CASE("a gzip bomb takes the memory of its buffers", "[hostile]") {
  const Desk desk;
  const std::string bomb = gzip_bytes(std::string(std::size_t{64} << 20, ' '));
  REQUIRE(bomb.size() < 300'000);
  const std::string file = desk.put("bomb.gz", bomb);
  Index read = 0;
  const auto inflate = [&] {
    TextSource source = TextSource::open(file);
    std::vector<char> buffer(65'536);
    while (const std::size_t count = source.read_some(buffer.data(), buffer.size())) read += static_cast<Index>(count);
  };
  inflate();
  CHECK(read == Index{64} << 20);
  if (memory_is_ours()) CHECK(peak_growth(inflate) < Index{8} << 20);
}

TEST_CASE("directories, devices and sparse files", "[odd-text]") {
  const Desk desk;
  for (const std::string& path : {std::string("/dev/zero"), std::string("/dev"), desk.path("")}) {
    const auto action = [&, &path = path] { desk.make(path, TokenizerKind::byte); };
    CHECK(error_exit(action) == Exit::bad_data);
  }
  CHECK(error_exit([&] { desk.make(desk.path("none"), TokenizerKind::byte); }) == Exit::missing_input);
  // A terabyte of nothing if a small file is expected is refused by its size, at once.
  std::filesystem::create_directory(desk.path("folder"));
  for (const char* name : {"tokenizer.json", "index.json"}) put_sparse(desk.path("folder/") + name, Index{1} << 40);
  CHECK(holds(error_text([&] { load_tokenizer(desk.path("folder")); }), "size: expected at most"));
  CHECK(holds(error_text([&] { Dataset::open(desk.path("folder")); }), "size: expected at most"));
}
