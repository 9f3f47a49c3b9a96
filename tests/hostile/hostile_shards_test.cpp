// Shards with sizes that lie, bombs and damaged streams, under checksums that are right; and names that are not files.
#include <sys/stat.h>
#include <zlib.h>

#include "checkpoint/manifest.hpp"
#include "data/shard.hpp"
#include "hostile/refusal.hpp"
#include "io/compress.hpp"
#include "io/file.hpp"
#include "io/safetensors.hpp"
#include "support/reseal.hpp"
#include "tokenizer/tokenizer_file.hpp"

using namespace moelm;

namespace {

constexpr Index kVocabulary = 300, kTokens = kBlockTokens + 3;

std::string shard_of(const std::string& first, const std::string& second) {
  return encode_shard_head(kVocabulary, kTokens, {first, second}) + first + second;
}

std::string ids(Index count, std::int32_t id) {
  return deflate_block(pack_ids(std::vector<std::int32_t>(static_cast<std::size_t>(count), id), 2));
}

std::string good() { return shard_of(ids(kBlockTokens, 7), ids(3, 299)); }

/// A good shard with a number of its head replaced, and right checksums.
std::string altered(std::size_t at, std::size_t width, std::uint64_t value) {
  std::string bytes = good();
  put_number(bytes, at, width, value);
  return resealed_shard(bytes);
}

/// A stream made with a dictionary, which no reader has.
std::string with_dictionary() {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string dictionary = "\7\7\7\7", in(6, '\7'), out(100, '\0');
  REQUIRE(deflateSetDictionary(&stream, reinterpret_cast<Bytef*>(dictionary.data()), 4) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = 6;
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = 100;
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

/// Empty stored deflate blocks one after the other: input that gives no output.
std::string without_output() {
  std::string block;
  for (int i = 0; i < 200; ++i) block += std::string("\0\0\0\xff\xff", 5);
  return block;
}

void read_shard(const std::string& path) {
  const ShardLayout layout = read_shard_layout(path, kVocabulary, true, kTokens);
  std::vector<std::int32_t> stored;
  for (Index b = 0; b < static_cast<Index>(layout.blocks.size()); ++b) read_shard_block(layout, b, stored);
}

/// The zlib stream of `bytes`, as small as zlib can make it.
std::string zlib_stream(const std::string& bytes) {
  uLongf size = ::compressBound(static_cast<uLong>(bytes.size()));
  std::string stream(size, '\0');
  REQUIRE(::compress2(reinterpret_cast<Bytef*>(stream.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()),
                      static_cast<uLong>(bytes.size()), 9) == Z_OK);
  stream.resize(size);
  return stream;
}

/// The same without zlib's header and checksum.
std::string deflate_stream(const std::string& bytes) {
  const std::string stream = zlib_stream(bytes);
  return stream.substr(2, stream.size() - 6);
}

}  // namespace

TEST_CASE("hostile shards are refused with their offset, in little memory", "[hostile]") {
  const std::string first = ids(kBlockTokens, 7), second = ids(3, 5);
  const std::string bomb = deflate_stream(std::string(std::size_t{64} << 20, '\0'));
  REQUIRE(bomb.size() < 70'000);  // as long as a block may be
  const std::string deflate = "of raw deflate, found something else";
  const std::string end = std::to_string(good().size());
  require_refused(
      "train-00000.shard", read_shard,
      {{"empty", "", "offset 0: expected a head of 60 bytes"},
       {"cut in the table", good().substr(0, 50), "offset 50: expected a head of 60 bytes"},
       {"another magic", "x" + good().substr(1), "offset 0: expected \"moeshard\""},
       {"another version", altered(8, 4, 1), "offset 8: version: expected 2, found 1; make the data again"},
       {"ids of other width", altered(12, 4, 4), "offset 12: bytes an id: expected 2, found 4"},
       {"another vocabulary", altered(16, 8, 301), "offset 16: vocabulary: expected 300, found 301"},
       {"2^64 - 1 tokens", altered(24, 8, ~std::uint64_t{0}), "offset 24: tokens: expected 32771"},
       {"other blocks", altered(32, 4, 1), "offset 32: tokens a block"},
       {"2^32 - 1 blocks", altered(36, 4, 0xffffffffu), "offset 36: blocks: expected 2"},
       {"a block of 2^32 - 1", altered(40, 4, 0xffffffffu), "offset 40: expected a block of at most 74752 bytes"},
       {"a block beyond the file", altered(48, 4, 1000), "offset 48: expected a block within the file"},
       {"a block of nothing", altered(48, 4, 0), "expected the end of the file, found"},
       {"junk at the end", good() + "junk", "offset " + end + ": expected the end of the file, found 4 bytes"},
       {"an id beyond the vocabulary", shard_of(first, ids(3, 301)), "token 0: expected an id below 301, found 301"},
       {"a bomb", shard_of(bomb, second), deflate},
       {"a bomb within a bomb", shard_of(deflate_stream(bomb), second), deflate},
       {"too few bytes", shard_of(ids(3, 5), second), deflate},
       {"too many bytes", shard_of(first, ids(4, 5)), deflate},
       {"a dictionary", shard_of(first, with_dictionary()), deflate},
       {"something after the stream", shard_of(first, second + "x"), deflate},
       {"two streams", shard_of(first, ids(1, 5) + ids(2, 5)), deflate},
       {"cut off", shard_of(first, second.substr(0, second.size() - 1)), deflate},
       {"no output for ever", shard_of(first, without_output()), deflate},
       {"no deflate at all", shard_of(first, "hello"), deflate},
       {"a zlib stream", shard_of(first, zlib_stream(pack_ids(std::vector<std::int32_t>(3, 5), 2))), deflate}});
}

TEST_CASE("links, pipes, directories and devices in place of files are refused, and none is waited for", "[hostile]") {
  const TemporaryDirectory directory;
  put_file(directory / "outside", good());
  std::filesystem::create_symlink("outside", directory / "link");
  std::filesystem::create_symlink("loop", directory / "loop");
  std::filesystem::create_symlink("/dev/zero", directory / "zero");
  std::filesystem::create_directory(directory / "directory");
  REQUIRE(::mkfifo((directory / "pipe").c_str(), 0600) == 0);
  const std::vector<std::pair<const char*, std::function<void(const std::string&)>>> readers = {
      {"shard", read_shard},
      {"tensors", [](const std::string& path) { SafetensorsFile::open(path); }},
      {"listed", [&](const std::string& path) {
         Manifest manifest;
         manifest.files = {{path.substr(path.rfind('/') + 1), 1, ""}};
         open_listed(directory.path(), manifest, manifest.files[0].name.c_str(), Checksum::compare, real_file_system());
       }}};
  for (const auto& [what, read] : readers)
    for (const auto& [name, found] : {std::pair("link", "found a symbolic link"),
                                      {"loop", "found a symbolic link"},
                                      {"zero", "found a symbolic link"},
                                      {"directory", "found a directory"},
                                      {"pipe", "found a device, pipe or socket"}}) {
      INFO(what << " " << name);
      const auto action = [&, &read = read, name = name] { read(directory / name); };
      CHECK(error_exit(action) == Exit::bad_data);
      CHECK(holds(error_text(action), found));
    }
  // A folder's own names too: what the index, the manifest and the tokenizer are called.
  const TemporaryDirectory folder;
  for (const char* name : {"tokenizer.json", "MANIFEST.json"})
    std::filesystem::create_symlink("/dev/null", folder / name);
  CHECK(holds(error_text([&] { load_tokenizer(folder.path()); }), "found a symbolic link"));
  CHECK(holds(error_text([&] { read_manifest(folder.path(), real_file_system()); }), "found a symbolic link"));
}
