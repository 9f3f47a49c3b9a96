// Bytes that look random and are the same every time.
#pragma once

#include <cstdint>
#include <string>

namespace moelm {

/// A small generator (xorshift), so that tests do not depend on what they test.
class RandomBytes {
 public:
  explicit RandomBytes(std::uint64_t seed) : state_(seed * 2685821657736338717ull + 1) {}

  std::uint64_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_;
  }
  std::uint64_t below(std::uint64_t bound) { return (next() >> 11) % bound; }

  std::string bytes(std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text.push_back(static_cast<char>(next() >> 32));
    return text;
  }

 private:
  std::uint64_t state_;
};

}  // namespace moelm
