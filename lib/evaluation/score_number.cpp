#include "evaluation/score_number.hpp"

#include <array>
#include <charconv>
#include <numbers>

namespace moelm {

std::string score_number(double value) {
  constexpr int kDigits = 9;
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::general, kDigits);
  return {text.data(), end.ptr};
}

double log10_of_nll(double nll) { return nll == 0 ? 0 : -nll / std::numbers::ln10; }

}  // namespace moelm
