// Numbers in bytes, and what eight bytes at once hold.
#include "base/bytes.hpp"

#include <string>

#include "support/catch.hpp"
#include "support/random_bytes.hpp"

using namespace moelm;

TEST_CASE("numbers are little-endian, wherever they lie") {
  std::string bytes(16, '\0');
  store_little<std::uint32_t>(0x01020304u, bytes.data() + 3);
  CHECK(bytes.substr(2, 6) == std::string("\0\4\3\2\1\0", 6));
  CHECK(load_little<std::uint32_t>(bytes.data() + 3) == 0x01020304u);
  CHECK(load_little<std::uint16_t>(bytes.data() + 4) == 0x0203u);
  CHECK(load_little<std::uint64_t>(bytes.data() + 1) == 0x0000010203040000ull);
}

TEST_CASE("of eight bytes every one that is not a letter is marked, and the first that is not visible") {
  RandomBytes random(3);
  for (int value = 0; value < 256; ++value)
    for (std::size_t place = 0; place < 8; ++place)
      for (int round = 0; round < 20; ++round) {
        std::string bytes = random.bytes(8);
        bytes[place] = static_cast<char>(value);
        const auto eight = load_little<std::uint64_t>(bytes.data());
        std::size_t first_hidden = 8;
        for (std::size_t i = 0; i < 8; ++i) {
          const auto c = static_cast<unsigned char>(bytes[i]);
          const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
          REQUIRE((eight::not_letters(eight) >> (8 * i) & 0xFF) == (letter ? 0u : 0x80u));
          if (first_hidden == 8 && (c <= ' ' || c > 127)) first_hidden = i;
        }
        const std::uint64_t hidden = eight::not_visible(eight);
        REQUIRE((hidden == 0 ? 8 : eight::before_mark(hidden)) == first_hidden);
      }
}
