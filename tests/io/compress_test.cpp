// Compressed blocks: exact sizes only, nothing beyond them, damage noticed.
#include "io/compress.hpp"

#include <vector>

#include "support/catch.hpp"
#include "support/random_bytes.hpp"

using namespace moelm;

TEST_CASE("a block comes back as it was, at every size, from even to random bytes") {
  RandomBytes random(1);
  for (const std::size_t size : {0u, 1u, 2u, 1000u, 65536u, 131072u})
    for (const std::uint64_t kinds : {1u, 2u, 40u, 256u}) {
      std::string bytes;
      for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(random.below(kinds));
      const std::string compressed = deflate_block(bytes);
      std::string back(size, '\0');
      REQUIRE(inflate_block(compressed, back.data(), size));
      REQUIRE(back == bytes);
      REQUIRE(deflate_block(bytes) == compressed);
    }
}

TEST_CASE("a block of another size, cut off, or followed by something is refused") {
  const std::string bytes(1000, 'x');
  const std::string compressed = deflate_block(bytes);
  std::vector<char> room(2000);
  CHECK_FALSE(inflate_block(compressed, room.data(), 999));
  CHECK_FALSE(inflate_block(compressed, room.data(), 1001));
  CHECK_FALSE(inflate_block(compressed, room.data(), 0));
  CHECK_FALSE(inflate_block(compressed + "x", room.data(), 1000));
  CHECK_FALSE(inflate_block("", room.data(), 1000));
  for (std::size_t size = 0; size < compressed.size(); ++size)
    CHECK_FALSE(inflate_block(compressed.substr(0, size), room.data(), 1000));
}

TEST_CASE("a bomb writes no more than the room that it was given") {
  const std::string bomb = deflate_block(std::string(std::size_t{1} << 24, '\0'));
  std::vector<char> room(4096, 'k');
  CHECK_FALSE(inflate_block(bomb, room.data(), 1024));
  for (std::size_t i = 1024; i < room.size(); ++i) REQUIRE(room[i] == 'k');
}

TEST_CASE("the CRC is that of gzip") {
  CHECK(crc32_of("123456789") == 0xCBF43926u);
  CHECK(crc32_of("") == 0u);
  CHECK(crc32_of("456789", crc32_of("123")) == crc32_of("123456789"));
  CHECK(crc32_of("", crc32_of("123")) == crc32_of("123"));
}
