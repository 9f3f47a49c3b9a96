// The policy for raw text: CR LF becomes LF, malformed UTF-8 becomes U+FFFD, a byte order mark goes; all counted.
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

/// What was found in raw text and is not plain UTF-8 with LF line ends.
struct TextFaults {
  Index malformed = 0;         ///< malformed sequences, each of which becomes one U+FFFD
  Index carriage_returns = 0;  ///< CR LF line ends
  Index byte_order_marks = 0;
  Index lone_letters = 0;  ///< of the malformed: single bytes from 0xC0 on, letters in Latin-1; not in index.json

  void add(const TextFaults& other) {
    malformed += other.malformed;
    lone_letters += other.lone_letters;
    carriage_returns += other.carriage_returns;
    byte_order_marks += other.byte_order_marks;
  }
  bool any() const { return malformed + carriage_returns + byte_order_marks > 0; }
  bool operator==(const TextFaults&) const = default;
};

/// The text with CR LF and malformed UTF-8 put right, and the faults added to `faults`: `raw` itself where there is
/// nothing to do, else `buffer`, which is overwritten.
std::string_view repair_text(std::string_view raw, std::string& buffer, TextFaults& faults);

/// Adds the faults of `raw` to `faults` without changing anything.
void count_text_faults(std::string_view raw, TextFaults& faults);

}  // namespace moelm
