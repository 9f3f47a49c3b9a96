#include "io/huffman.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include "base/bytes.hpp"

namespace moelm {

namespace {

constexpr std::size_t kStretchBytes = std::size_t{1} << 16;  // bytes that share a code
constexpr std::size_t kSymbols = 257;                        // the bytes, and the end of a stretch
constexpr std::size_t kEndSymbol = 256;

using Lengths = std::array<std::uint8_t, kSymbols>;

/// Appends bits, from the lowest of each byte on.
class BitWriter {
 public:
  explicit BitWriter(std::string& out) : out_(out), end_(out.size()) {}

  /// To be called before so many bits are added.
  void make_room(std::size_t bits) { out_.resize(end_ + bits / 8 + 2 * sizeof bits_); }

  /// At most 56 bits between two calls of flush().
  void add(std::uint64_t bits, int count) {
    bits_ |= bits << count_;
    count_ += count;
  }
  /// Writes eight bytes, of which as many count as are whole.
  void flush() {
    store_little(bits_, out_.data() + end_);
    end_ += static_cast<std::size_t>(count_ / 8);
    bits_ >>= count_ & ~7;
    count_ &= 7;
  }
  void put(std::uint64_t bits, int count) {
    add(bits, count);
    flush();
  }
  /// Fills the last byte.
  void finish() {
    flush();
    out_.resize(end_ + (count_ > 0 ? 1 : 0));
  }

 private:
  std::string& out_;
  std::size_t end_;  // of the whole bytes
  std::uint64_t bits_ = 0;
  int count_ = 0;
};

std::array<std::uint32_t, kSymbols> count_bytes(std::string_view bytes) {
  // Several sums of each, so that the same byte again need not wait for the sum before.
  std::array<std::array<std::uint32_t, 256>, 4> sums{};
  std::size_t i = 0;
  for (; i + 4 <= bytes.size(); i += 4)
    for (std::size_t j = 0; j < 4; ++j) ++sums[j][static_cast<unsigned char>(bytes[i + j])];
  for (; i < bytes.size(); ++i) ++sums[0][static_cast<unsigned char>(bytes[i])];
  std::array<std::uint32_t, kSymbols> counts{};
  for (std::size_t s = 0; s < 256; ++s) counts[s] = sums[0][s] + sums[1][s] + sums[2][s] + sums[3][s];
  counts[kEndSymbol] = 1;
  return counts;
}

/// Depths of the leaves of Huffman's tree; the greatest is returned.
int tree_depths(const std::vector<std::size_t>& by_count, std::span<const std::uint32_t> counts,
                std::span<std::uint8_t> lengths) {
  // Leaves by rising count, then joined nodes, whose counts rise too: the two least are the next of either.
  const std::size_t leaves = by_count.size();
  std::vector<std::uint64_t> sums;
  std::vector<std::size_t> parent(2 * leaves - 1);
  for (const std::size_t symbol : by_count) sums.push_back(counts[symbol]);
  std::size_t leaf = 0, node = leaves;
  const auto take_least = [&] {
    const bool take_leaf = leaf < leaves && (node == sums.size() || sums[leaf] <= sums[node]);
    return take_leaf ? leaf++ : node++;
  };
  while (sums.size() < parent.size()) {
    const std::size_t a = take_least(), b = take_least();
    parent[a] = parent[b] = sums.size();
    sums.push_back(sums[a] + sums[b]);
  }
  std::vector<int> depth(parent.size(), 0);
  for (std::size_t i = parent.size() - 1; i-- > 0;) depth[i] = depth[parent[i]] + 1;
  for (std::size_t i = 0; i < leaves; ++i) lengths[by_count[i]] = static_cast<std::uint8_t>(depth[i]);
  return *std::max_element(depth.begin(), depth.end());
}

/// A code with its length in the upper half, as it is written: its first bit lowest.
using Codes = std::array<std::uint32_t, kSymbols>;

Codes codes_of(const Lengths& lengths) {
  std::array<std::uint32_t, kLongestCode + 2> next{};
  for (const std::uint8_t length : lengths) ++next[length + std::size_t{1}];
  next[1] = 0;  // what never occurs has no code
  for (std::size_t length = 1; length < next.size(); ++length) next[length] = (next[length - 1] + next[length]) * 2;
  Codes codes{};
  for (std::size_t s = 0; s < kSymbols; ++s) {
    std::uint32_t code = lengths[s] == 0 ? 0 : next[lengths[s]]++, reversed = 0;
    for (int i = 0; i < lengths[s]; ++i, code >>= 1) reversed = reversed << 1 | (code & 1);
    codes[s] = std::uint32_t{lengths[s]} << 16 | reversed;
  }
  return codes;
}

/// A stretch with its own code. The lengths are written in four bits each, which a code of sixteen symbols allows.
void write_stretch(std::string_view bytes, bool last, BitWriter& out) {
  Lengths lengths;
  const auto counts = count_bytes(bytes);
  huffman_lengths(counts, lengths);
  constexpr std::size_t kHeadBits = 17 + 19 * 3 + (kSymbols + 1) * 4;
  out.make_room(std::inner_product(counts.begin(), counts.end(), lengths.begin(), kHeadBits));
  constexpr int kLengthCodes = 19, kUnused = 3;  // three symbols for repeated lengths come first
  out.put(last ? 1 : 0, 1);
  out.put(2, 2);                              // codes of its own
  out.put(kSymbols - 257, 5), out.put(0, 5);  // 257 lengths, and one of distances
  out.put(kLengthCodes - 4, 4);
  for (int i = 0; i < kLengthCodes; ++i) out.put(i < kUnused ? 0 : 4, 3);
  const auto put_length = [&](unsigned n) {
    out.put((n & 1) << 3 | (n & 2) << 1 | (n & 4) >> 1 | n >> 3, 4);  // the first bit of a code is its highest
  };
  for (const std::uint8_t length : lengths) put_length(length);
  put_length(0);  // there are no distances
  const Codes codes = codes_of(lengths);
  const auto add = [&](std::size_t symbol) { out.add(codes[symbol] & 0xFFFF, static_cast<int>(codes[symbol] >> 16)); };
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3, out.flush())
    for (std::size_t j = 0; j < 3; ++j) add(static_cast<unsigned char>(bytes[i + j]));
  for (; i < bytes.size(); ++i, out.flush()) add(static_cast<unsigned char>(bytes[i]));
  add(kEndSymbol);
  out.flush();
}

}  // namespace

void huffman_lengths(std::span<const std::uint32_t> counts, std::span<std::uint8_t> lengths) {
  std::fill(lengths.begin(), lengths.end(), std::uint8_t{0});
  std::vector<std::size_t> used;
  for (std::size_t symbol = 0; symbol < counts.size(); ++symbol)
    if (counts[symbol] > 0) used.push_back(symbol);
  if (used.size() == 1) lengths[used[0]] = 1;
  if (used.size() < 2) return;
  // Too deep a tree grows again from counts that lie nearer to each other.
  for (std::vector<std::uint32_t> flat(counts.begin(), counts.end());;) {
    std::stable_sort(used.begin(), used.end(), [&](auto a, auto b) { return flat[a] < flat[b]; });
    if (tree_depths(used, flat, lengths) <= kLongestCode) return;
    for (const std::size_t symbol : used) flat[symbol] = flat[symbol] / 2 + 1;
  }
}

void append_literal_stream(std::string_view bytes, std::string& out) {
  BitWriter writer(out);
  do {
    const std::string_view stretch = bytes.substr(0, kStretchBytes);
    bytes.remove_prefix(stretch.size());
    write_stretch(stretch, bytes.empty(), writer);
  } while (!bytes.empty());
  writer.finish();
}

}  // namespace moelm
