#include "tokenizer/pair_table.hpp"

#include <bit>

#include "base/check.hpp"

namespace moelm {

PairTable::PairTable(Index pairs) {
  const std::size_t slots = std::bit_ceil(2 * static_cast<std::size_t>(pairs) + 2);
  shift_ = 64 - std::countr_zero(slots);
  slots_.resize(slots);
}

bool PairTable::add(std::int32_t left, std::int32_t right, std::int32_t id) {
  ensure(left >= 0 && right >= 0, "ids are not negative");
  Slot& slot = slots_[slot_of(left, right)];
  if (slot.left >= 0) return false;
  slot = {left, right, id};
  return true;
}

}  // namespace moelm
