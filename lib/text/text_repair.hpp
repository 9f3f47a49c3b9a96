// The policy for raw text: CR LF becomes LF, malformed UTF-8 becomes U+FFFD, a byte order mark is dropped. All are
// counted.
#pragma once

#include <string>
#include <string_view>

#include "base/index.hpp"

namespace moelm {

inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// The beginning of a text without its byte order mark.
inline std::string_view without_byte_order_mark(std::string_view start) {
  return start.substr(start.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
}

/// Counts of what is not plain UTF-8 with LF line ends in a raw text.
struct TextFaults {
  Index malformed = 0;         ///< malformed sequences, each of which becomes one U+FFFD
  Index carriage_returns = 0;  ///< CR LF line ends
  Index byte_order_marks = 0;
  Index lone_letters = 0;  ///< malformed single bytes from 0xC0 on, which are letters in Latin-1; not in index.json

  void add(const TextFaults& other) {
    malformed += other.malformed;
    lone_letters += other.lone_letters;
    carriage_returns += other.carriage_returns;
    byte_order_marks += other.byte_order_marks;
  }
  bool any() const { return malformed + carriage_returns + byte_order_marks > 0; }
  bool operator==(const TextFaults&) const = default;
};

/// Repairs CR LF and malformed UTF-8 and adds what it found to `faults`. Returns `raw` itself where there is nothing to
/// repair, else `buffer`, which is overwritten.
std::string_view repair_text(std::string_view raw, std::string& buffer, TextFaults& faults);

/// Adds what repair_text would find to `faults`.
void count_text_faults(std::string_view raw, TextFaults& faults);

}  // namespace moelm
