// Shards and index: read from any place, and every damage named with file and offset.
#include "data/dataset.hpp"

#include "data/shard_writer.hpp"
#include "data/token_cursor.hpp"
#include "data/tokenize_corpus.hpp"
#include "io/json.hpp"
#include "io/sealed_json.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/random_bytes.hpp"
#include "support/temporary_directory.hpp"

using namespace moelm;

namespace {

/// A data folder of bytes, or of words with unknown ones, three blocks long.
class Folder {
 public:
  explicit Folder(TokenizerKind kind = TokenizerKind::byte) {
    RandomBytes random(3);
    for (int i = 0; i < 90'000; ++i) text_ += random.below(9) == 0 ? '\n' : static_cast<char>('a' + random.below(20));
    if (kind == TokenizerKind::word) text_ = words();
    put_file(folder_ / "text", text_);
    put_file(folder_ / "short", "ab\n<unk> new\n");
    TokenizeOptions options = {.out = path(),
                               .train = {folder_ / "text"},
                               .valid = {folder_ / "short"},
                               .test = {folder_ / "short"},
                               .kind = kind};
    if (kind == TokenizerKind::word) options.vocabulary_size = 50;
    Context context(2);
    tokenize_corpus(options, context);
  }
  std::string path() const { return folder_ / "data"; }
  std::string file(const std::string& name) const { return path() + "/" + name; }
  const std::string& text() const { return text_; }
  Dataset open() const { return Dataset::open(path()); }

  /// Opens and reads everything.
  void read() const {
    const Dataset data = open();
    std::vector<std::int32_t> ids(1000);
    for (const Split split : {Split::train, Split::valid, Split::test}) {
      TokenCursor cursor(data, split);
      while (cursor.read(1000, ids.data()) > 0) continue;
    }
  }

 private:
  static std::string words() {
    RandomBytes random(4);
    std::string text;
    for (int i = 0; i < 70'000; ++i)
      text += (random.below(50) == 0 ? "<unk>" : "w" + std::to_string(random.below(200))) +
              (random.below(12) == 0 ? "\n" : " ");
    return text;
  }

  TemporaryDirectory folder_;
  std::string text_;
};

/// index.json with a change, sealed again.
void change_index(const Folder& folder, const std::function<void(Json&)>& change) {
  Json object = parse_sealed_json(get_file(folder.file("index.json")), "index");
  object.erase("checksum");
  change(object);
  put_file(folder.file("index.json"), sealed_json_text(object));
}

}  // namespace

TEST_CASE("a cursor reads the same tokens from any position, in any portions") {
  const Folder folder;
  const Dataset data = folder.open();
  const Index total = data.tokens(Split::train);
  REQUIRE(total == static_cast<Index>(folder.text().size()) + 1);
  RandomBytes random(6);
  TokenCursor moving(data, Split::train);
  for (int round = 0; round < 200; ++round) {
    const auto position = static_cast<Index>(random.below(static_cast<std::uint64_t>(total) + 1));
    const auto count = static_cast<Index>(random.below(70'000));
    std::vector<std::int32_t> ids(static_cast<std::size_t>(count));
    moving.seek(position);
    const Index read = moving.read(count, ids.data());
    REQUIRE(read == std::min(count, total - position));
    REQUIRE(moving.position() == position + read);
    for (Index i = 0; i < read; ++i) {
      const Index at = position + i;
      const std::int32_t expected =
          at + 1 == total ? 256 : static_cast<unsigned char>(folder.text()[static_cast<std::size_t>(at)]);
      if (ids[static_cast<std::size_t>(i)] != expected) FAIL("token " << at);
    }
  }
  CHECK(moving.read(0, nullptr) == 0);
}

TEST_CASE("shards keep what stands behind every <unk>") {
  const Folder folder(TokenizerKind::word);
  const Dataset data = folder.open();
  EncodedText expected;
  data.tokenizer().encode(folder.text(), expected);
  data.tokenizer().end_line(expected);
  std::vector<std::int32_t> ids(expected.ids.size());
  std::vector<TokenFlag> flags(ids.size());
  TokenCursor cursor(data, Split::train);
  REQUIRE(cursor.read(data.tokens(Split::train), ids.data(), flags.data()) == expected.tokens());
  CHECK(ids == expected.ids);
  CHECK(flags == expected.flags);
  CHECK(data.split(Split::train).unknown_words == expected.unknown_words);
  CHECK(data.split(Split::train).literal_unknown == expected.literal_unknown);
  CHECK(expected.unknown_words > 0);
  CHECK(expected.literal_unknown > 0);
}

TEST_CASE("shards do not depend on how the tokens arrive, and a split may have several") {
  const TemporaryDirectory folder;
  EncodedText text;
  RandomBytes random(2);
  const Index total = kShardTokens + 3 * kBlockTokens + 17;
  for (Index i = 0; i < total; ++i) {
    text.ids.push_back(static_cast<std::int32_t>(random.below(3)));
    text.flags.push_back(TokenFlag::plain);
  }
  const auto write = [&](const std::string& name, Index portion, int threads) {
    Context context(threads);
    ShardWriter writer(folder.path(), name, 3, context);
    for (Index begin = 0; begin < total; begin += portion) {
      EncodedText part;
      const Index end = std::min(total, begin + portion);
      part.ids.assign(text.ids.begin() + begin, text.ids.begin() + end);
      part.flags.assign(text.flags.begin() + begin, text.flags.begin() + end);
      writer.append(part);
    }
    return writer.finish();
  };
  const auto a = write("a", total, 1), b = write("b", 1'000'003, 3);
  REQUIRE(a.size() == 2);
  REQUIRE(b.size() == 2);
  CHECK(a[0].name == "a-00000.shard");
  CHECK(a[0].tokens == kShardTokens);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(a[i].tokens_sha256 == b[i].tokens_sha256);
    CHECK(get_file(folder / a[i].name) == get_file(folder / b[i].name));
  }
}

TEST_CASE("ids take four bytes where two do not suffice") {
  CHECK(shard_id_bytes(65'535) == 2);  // with the id that stands for unknown words: 0 to 65,535
  CHECK(shard_id_bytes(65'536) == 4);
  const TemporaryDirectory folder;
  Context context(1);
  for (const Index vocabulary : {Index{65'535}, Index{65'536}, Index{2'000'000'000}}) {
    EncodedText text;
    text.ids = {0, 1, static_cast<std::int32_t>(vocabulary - 1), 5};
    text.flags = {TokenFlag::plain, TokenFlag::plain, TokenFlag::plain, TokenFlag::unknown_word};
    ShardWriter writer(folder.path(), "v" + std::to_string(vocabulary), vocabulary, context);
    writer.append(text);
    const auto files = writer.finish();
    const ShardLayout layout = read_shard_layout(folder / files[0].name, vocabulary, true, 4);
    std::vector<std::int32_t> stored;
    read_shard_block(layout, 0, stored);
    CHECK(stored == std::vector<std::int32_t>{0, 1, static_cast<std::int32_t>(vocabulary - 1),
                                              static_cast<std::int32_t>(vocabulary)});
    // An id that stands for unknown words needs a vocabulary with <unk>.
    const ShardLayout bytes = read_shard_layout(folder / files[0].name, vocabulary, false, 4);
    CHECK(error_exit([&] { read_shard_block(bytes, 0, stored); }) == Exit::bad_data);
  }
}

TEST_CASE("every flipped bit of a head, and flips and cuts anywhere, are noticed") {
  const Folder folder;
  const std::string path = folder.file("train-00000.shard"), bytes = get_file(path);
  const auto refused = [&](const std::string& damaged) {
    put_file(path, damaged);
    const auto action = [&] { folder.read(); };
    return error_exit(action) == Exit::bad_data && holds(error_text(action), "train-00000.shard: offset ");
  };
  constexpr std::size_t kHead = 40 + 3 * 8 + 4;
  for (std::size_t at = 0; at < kHead; ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      if (!refused(damaged)) FAIL("bit " << bit << " of byte " << at);
    }
  RandomBytes random(1);
  for (int round = 0; round < 300; ++round) {
    std::string damaged = bytes;
    const std::size_t at = kHead + random.below(bytes.size() - kHead);
    damaged[at] = static_cast<char>(damaged[at] ^ (1u << random.below(8)));
    if (!refused(damaged)) FAIL("byte " << at);
  }
  for (int round = 0; round < 100; ++round) REQUIRE(refused(bytes.substr(0, random.below(bytes.size()))));
  REQUIRE(refused(bytes + "x"));
  put_file(path, bytes);
  REQUIRE_NOTHROW(folder.read());
  REQUIRE(verify_dataset(folder.path()).empty());
}

TEST_CASE("every flipped bit and every cut of the index are noticed") {
  const Folder folder;
  const std::string bytes = get_file(folder.file("index.json"));
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
    if (error_exit([&] { parse_data_index(damaged, "index.json"); }) != Exit::bad_data) FAIL("byte " << at);
    if (error_exit([&] { parse_data_index(bytes.substr(0, at), "index.json"); }) != Exit::bad_data) FAIL("cut " << at);
  }
}

TEST_CASE("an index that lies is refused by field") {
  const Folder folder;
  const std::string original = get_file(folder.file("index.json"));
  const auto refusal = [&](const std::function<void(Json&)>& change) {
    put_file(folder.file("index.json"), original);
    change_index(folder, change);
    const auto action = [&] { folder.read(); };
    CHECK(error_exit(action) == Exit::bad_data);
    return error_text(action);
  };
  CHECK(holds(refusal([](Json& j) { j["format"] = "x"; }), "index.json: format"));
  CHECK(holds(refusal([](Json& j) { j["version"] = 9; }), "index.json: version"));
  CHECK(holds(refusal([](Json& j) { j["more"] = 9; }), "unknown key"));
  CHECK(holds(refusal([](Json& j) { j["train"]["tokens"] = -1; }), "train.tokens"));
  CHECK(holds(refusal([](Json& j) { j["train"]["tokens"] = 1e300; }), "train.tokens"));
  CHECK(holds(refusal([](Json& j) { j["train"]["tokens"] = 90'000; }), "train."));
  CHECK(holds(refusal([](Json& j) { j["train"]["lines"] = 1; }), "train.inputs"));
  CHECK(holds(refusal([](Json& j) { j["train"]["inputs"][0]["tokens"][0] = 1; }), "inputs.0.tokens"));
  CHECK(holds(refusal([](Json& j) { j["train"]["inputs"].clear(); }), "train.inputs"));
  CHECK(holds(refusal([](Json& j) { j["train"]["shards"].clear(); }), "train.shards"));
  CHECK(holds(refusal([](Json& j) { j["train"]["shards"][0]["tokens_sha256"] = "x"; }), "shards.0.tokens_sha256"));
  CHECK(holds(refusal([](Json& j) { j["tokenizer"]["vocabulary"] = 258; }), "vocabulary"));
  CHECK(holds(refusal([](Json& j) { j["tokenizer"]["kind"] = "bpe"; }), "kind"));
  CHECK(holds(refusal([](Json& j) { j["tokenizer"]["sha256"] = std::string(64, '0'); }), "tokenizer.json: sha256"));
  for (const std::string name : {"../train-00000.shard", "/etc/passwd", "", ".", "..", "a/b", "x\n", ".hidden"})
    CHECK(holds(refusal([&](Json& j) { j["train"]["shards"][0]["file"] = name; }), "shards.0.file"));
}

TEST_CASE("verification lists all faults") {
  const Folder folder(TokenizerKind::word);
  change_index(folder, [](Json& j) {
    j["valid"]["unknown_words"] = 77;
    j["test"]["shards"][0]["tokens_sha256"] = std::string(64, 'a');
  });
  const auto faults = verify_dataset(folder.path());
  REQUIRE(faults.size() == 2);
  CHECK(holds(faults[0], "index.json: valid.unknown_words"));
  CHECK(holds(faults[1], "test-00000.shard: checksum of the tokens: expected aaaa"));
}

TEST_CASE("a missing file does not keep from the others: every fault of a data folder is listed") {
  const Folder folder;
  std::filesystem::remove(folder.file("train-00000.shard"));
  put_file(folder.file("test-00000.shard"), get_file(folder.file("test-00000.shard")) + "x");
  put_file(folder.file("tokenizer.json"), "x");
  const auto faults = verify_dataset(folder.path());
  REQUIRE(faults.size() == 3);
  CHECK(holds(faults[0], "tokenizer.json: sha256"));
  CHECK(holds(faults[1], "train-00000.shard: open: No such file"));
  CHECK(holds(faults[2], "test-00000.shard: offset"));
  std::filesystem::remove(folder.file("index.json"));
  CHECK(verify_dataset(folder.path()).size() == 1);
}

TEST_CASE("links are not followed, and a folder without an index says what to do") {
  const Folder folder;
  std::filesystem::rename(folder.file("train-00000.shard"), folder.file("elsewhere"));
  std::filesystem::create_symlink("elsewhere", folder.file("train-00000.shard"));
  CHECK(holds(error_text([&] { folder.open(); }), "found a symbolic link"));
  std::filesystem::remove(folder.file("index.json"));
  CHECK(error_exit([&] { folder.open(); }) == Exit::missing_input);
  CHECK(holds(error_text([&] { folder.open(); }), "run it again"));
}
