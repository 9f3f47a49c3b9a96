#include "evaluation/score_number.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include "base/error.hpp"
#include "base/quantity.hpp"

namespace moelm {

std::string score_number(double value) {
  constexpr int kDigits = 9;
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::general, kDigits);
  return {text.data(), end.ptr};
}

LogBase parse_log_base(const std::string& text) {
  if (text == "e") return {text, 1};
  const auto number = parse_number(text);
  if (!number || *number <= 1)
    throw Error(Exit::usage, "--log-base: expected e or a number above 1, found " + excerpt(text));
  return {text, *number == 10 ? std::numbers::ln10 : std::log(*number)};
}

}  // namespace moelm
