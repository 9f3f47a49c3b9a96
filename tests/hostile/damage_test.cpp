// Damage: every bit of every head, table, manifest and index, ten thousand bits of what they protect, and every
// length of every file: all of it is noticed, and the file named.
#include <string>
#include <vector>

#include "checkpoint/checkpoint_names.hpp"
#include "checkpoint/checkpoint_store.hpp"
#include "checkpoint/tiny_checkpoint.hpp"
#include "data/data_index.hpp"
#include "data/shard.hpp"
#include "io/checksum.hpp"
#include "io/compress.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/random_bytes.hpp"
#include "support/stored_tokenizer.hpp"
#include "support/temporary_directory.hpp"
#include "tokenizer/vocabulary_tokenizer.hpp"

using namespace moelm;

namespace {

std::string flipped(std::string bytes, std::size_t bit) {
  bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
  return bytes;
}

/// Counts what a reader accepts or reports without naming the file.
struct Losses {
  int accepted = 0, unnamed = 0;

  template <class Read>
  void add(const std::string& name, const Read& read) {
    try {
      read();
      ++accepted;
    } catch (const Error& error) {
      unnamed += !holds(error.what(), name);
    }
  }
};

/// Every bit of a text, and every length of it, through a parser.
template <class Parse>
Losses every_bit_and_length(const std::string& good, const Parse& parse) {
  Losses losses;
  REQUIRE_NOTHROW(parse(good));
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) losses.add("name", [&] { parse(flipped(good, bit)); });
  for (std::size_t size = 0; size < good.size(); ++size) losses.add("name", [&] { parse(good.substr(0, size)); });
  losses.add("name", [&] { parse(good + "\n"); });
  losses.add("name", [&] { parse(good + std::string(1000, ' ')); });
  return losses;
}

std::string small_index() {
  DataIndex index;
  index.vocabulary = 9;
  index.tokenizer_sha256 = sha256_hex("t");
  SplitIndex& train = index.split(Split::train);
  train.tokens = 30;
  train.lines = 3;
  train.inputs = {{"a.txt", 0, {0, 3}, {0, 30}}};
  train.shards = {{"train-00000.shard", 30, sha256_hex("a")}};
  return index_file_text(index);
}

TokenizerFiles small_tokenizer() {
  Vocabulary vocabulary;
  for (const char* word : {"the", "</s>", "<unk>"}) vocabulary.words.add(word);
  vocabulary.counts = {9, 7, 5};
  const auto tokenizer = make_vocabulary_tokenizer(TokenizerKind::word, false, std::move(vocabulary));
  return files_of(*tokenizer);
}

/// Two blocks and some tokens, of random ids.
std::string shard_bytes(Index tokens, std::uint64_t seed) {
  RandomBytes random(seed);
  std::vector<std::string> blocks;
  std::string all;
  for (Index at = 0; at < tokens; at += kBlockTokens) {
    std::vector<std::int32_t> ids;
    for (Index i = at; i < std::min(tokens, at + kBlockTokens); ++i)
      ids.push_back(static_cast<std::int32_t>(random.below(300)));
    blocks.push_back(deflate_block(pack_ids(ids, 2)));
    all += blocks.back();
  }
  return encode_shard_head(300, tokens, blocks) + all;
}

void read_shard(const std::string& path, Index tokens) {
  const ShardLayout layout = read_shard_layout(path, 300, false, tokens);
  std::vector<std::int32_t> stored;
  for (Index b = 0; b < static_cast<Index>(layout.blocks.size()); ++b) read_shard_block(layout, b, stored);
}

/// Puts bytes into a file in place, which takes no time even for a long one.
void put_bytes(const std::string& path, std::size_t at, const std::string& bytes) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(at));
  file << bytes;
}

constexpr Index kTokens = 2 * kBlockTokens + 100;
constexpr std::size_t kHead = 40 + 3 * 8 + 4;

}  // namespace

TEST_CASE("every bit and every length of an index and of a vocabulary", "[damage]") {
  const Losses index = every_bit_and_length(small_index(), [](const auto& text) { parse_data_index(text, "name"); });
  CHECK(index.accepted == 0);
  CHECK(index.unnamed == 0);
  const TokenizerFiles files = small_tokenizer();
  const Losses description = every_bit_and_length(files.description, [&](const auto& text) {
    parse_tokenizer({text, files.vocabulary}, "name");
  });
  CHECK(description.accepted == 0);
  CHECK(description.unnamed == 0);
  const Losses words = every_bit_and_length(files.vocabulary, [&](const auto& text) {
    parse_tokenizer({files.description, text}, "name");
  });
  CHECK(words.accepted == 0);
  CHECK(words.unnamed == 0);
}

TEST_CASE("every bit and every length of every file of a checkpoint", "[damage]") {
  const TemporaryDirectory run(memory_directory());
  CheckpointStore store(run.path());
  store.save(TinyCheckpoint(1).contents(), {true, 3});
  const std::string folder = run / "checkpoints/step-000000000001";
  const auto open = [&] { Checkpoint::open(folder, CheckpointScope::everything); };
  Losses losses;
  int bits = 0;
  for (const std::string& name : list_directory(folder)) {
    const std::string path = folder + "/" + name, good = get_file(path);
    for (std::size_t bit = 0; bit < 8 * good.size(); ++bit, ++bits) {
      put_file(path, flipped(good, bit));
      losses.add(path, open);
    }
    for (std::size_t size = 0; size < good.size(); ++size) {
      put_file(path, good.substr(0, size));
      losses.add(path, open);
    }
    put_file(path, good + std::string(1000, 'j'));
    losses.add(path, open);
    put_file(path, good);
  }
  REQUIRE_NOTHROW(open());
  CHECK(bits > 9'000);
  CHECK(losses.accepted == 0);
  CHECK(losses.unnamed == 0);
}

TEST_CASE("every bit of LATEST and BEST", "[damage]") {
  const TemporaryDirectory run(memory_directory());
  CheckpointStore(run.path()).save(TinyCheckpoint(1).contents(), {true, 3});
  const std::string checkpoints = run / "checkpoints";
  for (const char* hint : {kLatestHint, kBestHint}) {
    const std::string path = checkpoints + "/" + hint, good = get_file(path);
    int believed = 0;
    for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
      put_file(path, flipped(good, bit));
      std::vector<std::string> warnings;
      believed += read_hint(checkpoints, hint, real_file_system(), warnings).has_value() || warnings.size() != 1;
    }
    put_file(path, good);
    CHECK(believed == 0);
  }
}

TEST_CASE("every bit of a shard's head, ten thousand of its blocks, every length of a small one", "[damage]") {
  const TemporaryDirectory directory(memory_directory());
  const std::string path = directory / "s.shard", good = shard_bytes(kTokens, 1);
  put_file(path, good);
  REQUIRE_NOTHROW(read_shard(path, kTokens));
  Losses losses;
  const auto try_bit = [&](std::size_t bit) {
    put_bytes(path, bit / 8, flipped(good.substr(bit / 8, 1), bit % 8));
    losses.add(path, [&] { read_shard(path, kTokens); });
    put_bytes(path, bit / 8, good.substr(bit / 8, 1));
  };
  for (std::size_t bit = 0; bit < 8 * kHead; ++bit) try_bit(bit);
  // Blocks are read one by one, so that a flip costs one block and not the shard.
  const ShardLayout layout = read_shard_layout(path, 300, false, kTokens);
  RandomBytes random(2);
  std::vector<std::int32_t> stored;
  for (int round = 0; round < 10'000; ++round) {
    const auto number = static_cast<Index>(random.below(3));
    const ShardBlock& block = layout.blocks[static_cast<std::size_t>(number)];
    const std::size_t at = static_cast<std::size_t>(block.offset) +
                           (round < 6 ? (round % 2) * (block.bytes - std::size_t{1}) : random.below(block.bytes));
    put_bytes(path, at, flipped(good.substr(at, 1), random.below(8)));
    losses.add(path, [&] { read_shard_block(layout, number, stored); });
    put_bytes(path, at, good.substr(at, 1));
  }
  REQUIRE_NOTHROW(read_shard(path, kTokens));
  const std::string small = shard_bytes(40, 3);
  for (std::size_t size = 0; size < small.size(); ++size) {
    put_file(path, small.substr(0, size));
    losses.add(path, [&] { read_shard(path, 40); });
  }
  CHECK(losses.accepted == 0);
  CHECK(losses.unnamed == 0);
}

TEST_CASE("pairs of bits, exchanged bytes and blocks, an empty page, another's file", "[damage]") {
  const TemporaryDirectory directory(memory_directory());
  const std::string path = directory / "s.shard", good = shard_bytes(kTokens, 1);
  Losses losses;
  int tried = 0;
  const auto attempt = [&](const std::string& bytes) {
    if (bytes == good) return;
    put_file(path, bytes);
    losses.add(path, [&] { read_shard(path, kTokens); });
    ++tried;
  };
  RandomBytes random(5);
  for (int round = 0; round < 100; ++round) {
    const std::size_t bits = 8 * good.size();
    attempt(flipped(flipped(good, random.below(bits)), random.below(bits)));
    std::string swapped = good;
    std::swap(swapped[random.below(good.size())], swapped[random.below(good.size())]);
    attempt(swapped);
    std::string holed = good;
    const std::size_t page = random.below(good.size() / 4096) * 4096;
    attempt(holed.replace(page, 4096, std::string(4096, '\0')));
  }
  const std::vector<ShardBlock> blocks = [&] {
    put_file(path, good);
    return read_shard_layout(path, 300, false, kTokens).blocks;
  }();
  const auto bytes_of = [&](std::size_t i) {
    return good.substr(static_cast<std::size_t>(blocks[i].offset), blocks[i].bytes);
  };
  attempt(good.substr(0, kHead) + bytes_of(1) + bytes_of(0) + bytes_of(2));
  const std::string other = shard_bytes(kTokens, 9);
  attempt(good.substr(0, kHead) + other.substr(kHead));
  attempt(other.substr(0, kHead) + good.substr(kHead));
  CHECK(tried > 290);
  CHECK(losses.accepted == 0);
  CHECK(losses.unnamed == 0);
}
