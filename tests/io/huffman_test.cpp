// Huffman codes: short, complete and never too long; streams that zlib reads back.
#include "io/huffman.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "io/compress.hpp"
#include "support/catch.hpp"
#include "support/random_bytes.hpp"

using namespace moelm;

namespace {

using Counts = std::vector<std::uint32_t>;

std::vector<std::uint8_t> lengths_of(const Counts& counts) {
  std::vector<std::uint8_t> lengths(counts.size(), 99);
  huffman_lengths(counts, lengths);
  return lengths;
}

/// The share of all bit patterns that codes of these lengths take.
double taken(const std::vector<std::uint8_t>& lengths) {
  double sum = 0;
  for (const std::uint8_t length : lengths) sum += length == 0 ? 0 : 1.0 / static_cast<double>(1 << length);
  return sum;
}

std::uint64_t bits_of(const Counts& counts, const std::vector<std::uint8_t>& lengths) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) bits += std::uint64_t{counts[i]} * lengths[i];
  return bits;
}

/// The sum of all joined counts, which is the size of Huffman's code, from repeatedly joining the two least.
std::uint64_t least_bits(Counts counts) {
  std::erase(counts, 0u);
  std::uint64_t bits = 0;
  while (counts.size() > 1) {
    std::sort(counts.begin(), counts.end(), std::greater<>());
    const std::uint32_t joined = counts.back() + counts[counts.size() - 2];
    counts.pop_back();
    counts.back() = joined;
    bits += joined;
  }
  return bits;
}

std::string read_back(const std::string& bytes) {
  std::string back(bytes.size(), '\0');
  REQUIRE(inflate_block(deflate_block(bytes), back.data(), back.size()));
  return back;
}

}  // namespace

TEST_CASE("codes are complete and as short as Huffman's") {
  CHECK(lengths_of({0, 5, 0}) == std::vector<std::uint8_t>{0, 1, 0});
  CHECK(lengths_of({0, 0}) == std::vector<std::uint8_t>{0, 0});
  CHECK(lengths_of({1, 1, 2, 4}) == std::vector<std::uint8_t>{3, 3, 2, 1});
  RandomBytes random(1);
  for (int round = 0; round < 60; ++round) {
    Counts counts(2 + random.below(300));
    for (std::uint32_t& count : counts) count = static_cast<std::uint32_t>(random.below(1 + random.below(200)));
    counts[0] = counts[1] = 1;
    const auto lengths = lengths_of(counts);
    REQUIRE(taken(lengths) == 1);
    REQUIRE(*std::max_element(lengths.begin(), lengths.end()) <= kLongestCode);
    REQUIRE(bits_of(counts, lengths) == least_bits(counts));
    for (std::size_t i = 0; i < counts.size(); ++i) REQUIRE((lengths[i] == 0) == (counts[i] == 0));
  }
}

TEST_CASE("no code is too long, however uneven the counts") {
  for (const std::size_t symbols : {18u, 22u, 40u}) {
    Counts counts = {1, 1};  // Fibonacci's numbers make the deepest tree
    while (counts.size() < symbols) counts.push_back(counts.back() + counts[counts.size() - 2]);
    const auto lengths = lengths_of(counts);
    CHECK(*std::max_element(lengths.begin(), lengths.end()) <= kLongestCode);
    CHECK(taken(lengths) == 1);
  }
}

TEST_CASE("zlib reads what is written, at all sizes around those of its parts, even and uneven") {
  RandomBytes random(4);
  for (const std::size_t size : {0u, 1u, 2u, 3u, 4u, 5u, 65'535u, 65'536u, 65'537u, 131'072u, 200'001u})
    for (int kind = 0; kind < 4; ++kind) {
      std::string bytes;
      for (std::size_t i = 0; i < size; ++i)
        bytes += static_cast<char>(kind == 0 ? 0 : kind == 1 ? random.below(256) : random.below(1 + random.below(90)));
      if (kind == 3)  // one byte of each value and many of one: the longest codes
        for (std::size_t i = 256; i < size; ++i) bytes[i] = 'e';
      REQUIRE(read_back(bytes) == bytes);
    }
  std::string uneven;
  for (std::uint32_t a = 1, b = 1, symbol = 0; uneven.size() + b < 65'536; ++symbol, b += std::exchange(a, b))
    uneven += std::string(a, static_cast<char>(symbol));
  CHECK(read_back(uneven) == uneven);
}

TEST_CASE("uneven bytes become few bits") {
  RandomBytes random(6);
  std::string bytes;
  for (int i = 0; i < 65'536; ++i) bytes += random.below(8) > 0 ? 'a' : static_cast<char>(random.below(256));
  CHECK(deflate_block(bytes).size() < 65'536 * 26 / 80);  // entropy 0.125 * 8 + 0.54 bits, a code of one bit at least
}
