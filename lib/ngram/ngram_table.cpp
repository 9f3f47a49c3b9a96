#include "ngram/ngram_table.hpp"

#include "base/check.hpp"

namespace moelm {

namespace {

std::uint64_t key_of(std::uint32_t parent, std::int32_t token) {
  return std::uint64_t{parent} << 32 | static_cast<std::uint32_t>(token);
}

}  // namespace

NgramTable::NgramTable() : nodes_(1), keys_(1024), values_(1024, kNone) {}

std::size_t NgramTable::slot(std::uint64_t key) const {
  std::uint64_t hash = key * 0x9e3779b97f4a7c15ull;
  hash ^= hash >> 32;
  std::size_t place = hash & (keys_.size() - 1);
  while (values_[place] != kNone && keys_[place] != key) place = (place + 1) & (keys_.size() - 1);
  return place;
}

std::uint32_t NgramTable::find(std::uint32_t parent, std::int32_t token) const {
  return values_[slot(key_of(parent, token))];
}

std::uint32_t NgramTable::add(std::uint32_t parent, std::int32_t token, bool at_begin) {
  ensure(nodes_.size() < kNone, "more n-grams than can be numbered");
  if (2 * (nodes_.size() + 1) > keys_.size()) grow();
  const std::size_t place = slot(key_of(parent, token));
  ensure(values_[place] == kNone, "an n-gram is added once");
  const auto id = static_cast<std::uint32_t>(nodes_.size());
  keys_[place] = key_of(parent, token);
  values_[place] = id;
  nodes_.push_back({parent, static_cast<std::uint8_t>(nodes_[parent].length + 1), at_begin});
  return id;
}

void NgramTable::grow() {
  std::vector<std::uint64_t> keys(2 * keys_.size());
  std::vector<std::uint32_t> values(2 * values_.size(), kNone);
  keys.swap(keys_);
  values.swap(values_);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (values[i] == kNone) continue;
    const std::size_t place = slot(keys[i]);
    keys_[place] = keys[i];
    values_[place] = values[i];
  }
}

}  // namespace moelm
