#include "tokenizer/word_table.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "base/bytes.hpp"
#include "base/check.hpp"

namespace moelm {

namespace {

constexpr std::size_t kFirstSlots = 1024;

std::uint64_t mix(std::uint64_t h, std::uint64_t value) {
  h = (h ^ value) * 0x9E3779B97F4A7C15ull;
  return h ^ h >> 32;
}

constexpr std::size_t kShort = 8;

/// The bytes of a word of at most eight bytes, from two loads that may overlap.
std::uint64_t short_key(std::string_view word) {
  const std::size_t size = word.size();
  const char* const bytes = word.data();
  if (size == kShort) return load_little<std::uint64_t>(bytes);
  if (size >= 4)
    return load_little<std::uint32_t>(bytes) | std::uint64_t{load_little<std::uint32_t>(bytes + size - 4)}
                                                   << (8 * (size - 4));
  if (size >= 2)
    return load_little<std::uint16_t>(bytes) | std::uint64_t{load_little<std::uint16_t>(bytes + size - 2)}
                                                   << (8 * (size - 2));
  return size == 1 ? static_cast<unsigned char>(bytes[0]) : 0;
}

std::uint64_t hash_of(std::string_view word) {
  std::uint64_t h = mix(0x243F6A8885A308D3ull, word.size());
  while (word.size() > kShort) {
    h = mix(h, load_little<std::uint64_t>(word.data()));
    word.remove_prefix(kShort);
  }
  h = mix(h, short_key(word));
  return mix(h, h >> 29);
}

}  // namespace

/// The search key of a word.
struct WordTable::Probe {
  Probe() = default;
  explicit Probe(std::string_view word)
      : hash(hash_of(word)),
        key(word.size() <= kShort ? short_key(word) : hash),
        length(static_cast<std::uint32_t>(word.size())) {}
  std::uint64_t hash = 0, key = 0;
  std::uint32_t length = 0;
};

WordTable::WordTable() : slots_(kFirstSlots) {}

std::string_view WordTable::word(Index number) const {
  const auto at = static_cast<std::size_t>(number);
  const std::size_t begin = at == 0 ? 0 : ends_[at - 1];
  return std::string_view(text_).substr(begin, ends_[at] - begin);
}

/// The slot of a word, or the free slot for it.
std::size_t WordTable::slot_of(std::string_view word, const Probe& probe) const {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = probe.hash & mask;; i = (i + 1) & mask) {
    const Slot& slot = slots_[i];
    if (slot.number_plus_one == 0) return i;
    if (slot.key == probe.key && slot.length == probe.length &&
        (probe.length <= kShort || this->word(Index{slot.number_plus_one} - 1) == word))
      return i;
  }
}

Index WordTable::find(std::string_view word) const {
  return Index{slots_[slot_of(word, Probe(word))].number_plus_one} - 1;
}

void WordTable::find_all(std::string_view text, std::span<const Word> words, std::int32_t* numbers) const {
  constexpr std::size_t kAtOnce = 32;
  std::array<Probe, kAtOnce> probes;
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t begin = 0; begin < words.size(); begin += kAtOnce) {
    const std::size_t count = std::min(kAtOnce, words.size() - begin);
    for (std::size_t i = 0; i < count; ++i) {
      probes[i] = Probe(words[begin + i].in(text));
      // A table of a million words fits no cache: prefetch the slots of these words while the next ones are hashed.
      __builtin_prefetch(&slots_[probes[i].hash & mask]);
    }
    for (std::size_t i = 0; i < count; ++i)
      numbers[begin + i] =
          static_cast<std::int32_t>(slots_[slot_of(words[begin + i].in(text), probes[i])].number_plus_one) - 1;
  }
}

Index WordTable::add(std::string_view word) {
  ensure(word.size() <= std::numeric_limits<std::uint32_t>::max(), "a word is shorter than 4 GiB");
  const Probe probe(word);
  std::size_t at = slot_of(word, probe);
  if (slots_[at].number_plus_one != 0) return Index{slots_[at].number_plus_one} - 1;
  if (2 * (ends_.size() + 1) > slots_.size()) {
    grow(2 * slots_.size());
    at = slot_of(word, probe);
  }
  ensure(ends_.size() < std::numeric_limits<std::uint32_t>::max() - 1, "a word table numbers its words in 32 bits");
  text_.append(word);
  ends_.push_back(text_.size());
  slots_[at] = {probe.key, probe.length, static_cast<std::uint32_t>(ends_.size())};
  return size() - 1;
}

void WordTable::grow(std::size_t slots) {
  slots_.assign(slots, Slot{});
  const std::size_t mask = slots - 1;
  for (Index number = 0; number < size(); ++number) {
    const Probe probe(word(number));
    std::size_t i = probe.hash & mask;
    while (slots_[i].number_plus_one != 0) i = (i + 1) & mask;
    slots_[i] = {probe.key, probe.length, static_cast<std::uint32_t>(number + 1)};
  }
}

void WordTable::reserve(Index words, Index bytes) {
  text_.reserve(bytes);
  ends_.reserve(words);
  const std::size_t slots = std::bit_ceil(2 * static_cast<std::size_t>(words) + 2);
  if (slots > slots_.size()) grow(slots);
}

void WordTable::clear() {
  text_.clear();
  ends_.clear();
  std::fill(slots_.begin(), slots_.end(), Slot{});
}

Index WordTable::memory_bytes() const {
  return static_cast<Index>(text_.capacity() + ends_.capacity() * sizeof ends_[0] + slots_.size() * sizeof slots_[0]);
}

}  // namespace moelm
