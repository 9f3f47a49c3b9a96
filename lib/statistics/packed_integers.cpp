#include "statistics/packed_integers.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "io/compress.hpp"

namespace moelm {

void PackedIntegers::push_back(std::int32_t value) {
  last_.push_back(value);
  ++size_;
  if (static_cast<Index>(last_.size()) == kBlock) pack();
}

void PackedIntegers::pack() {
  Block block;
  block.same = last_.front();
  if (std::any_of(last_.begin(), last_.end(), [&](std::int32_t v) { return v != block.same; })) {
    block.packed = deflate_block({reinterpret_cast<const char*>(last_.data()), last_.size() * sizeof(std::int32_t)});
    block.packed.shrink_to_fit();
  }
  packed_bytes_ += static_cast<Index>(block.packed.capacity());
  blocks_.push_back(std::move(block));
  last_.clear();
}

Index PackedIntegers::bytes() const { return packed_bytes_ + static_cast<Index>(blocks_.capacity() * sizeof(Block)); }

const std::vector<std::int32_t>& PackedIntegers::block_of(Index i) const {
  ensure(i >= 0 && i < size_, "a value that is there");
  const Index number = i / kBlock;
  if (number == static_cast<Index>(blocks_.size())) return last_;
  const Block& block = blocks_[number];
  if (decoded_.empty()) decoded_.resize(kDecoded);
  // Each block has one cache slot. The product spreads blocks at equal distances.
  Decoded& kept = decoded_[(static_cast<std::uint64_t>(number) * 0x9e3779b97f4a7c15U) >> 58U];
  if (kept.block == number) return kept.values;
  kept.block = -1;
  kept.values.assign(kBlock, block.same);
  const std::size_t bytes = static_cast<std::size_t>(kBlock) * sizeof(std::int32_t);
  const bool sound =
      block.packed.empty() || inflate_block(block.packed, reinterpret_cast<char*>(kept.values.data()), bytes);
  ensure(sound, "what was packed is unpacked");
  kept.block = number;
  return kept.values;
}

std::int32_t PackedIntegers::operator[](Index i) const { return block_of(i)[i % kBlock]; }

void PackedIntegers::read(Index begin, Index count, std::int32_t* out) const {
  while (count > 0) {
    const auto& values = block_of(begin);
    const Index first = begin % kBlock, here = std::min(count, static_cast<Index>(values.size()) - first);
    ensure(here > 0, "values that are there");
    std::copy_n(values.begin() + first, here, out);
    out += here;
    begin += here;
    count -= here;
  }
}

}  // namespace moelm
