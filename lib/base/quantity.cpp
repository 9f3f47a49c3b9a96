#include "base/quantity.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace moelm {

namespace {

constexpr double kHundredYears = 100.0 * 366 * 86400;

template <class Number>
std::optional<Number> whole(std::string_view text) {
  Number value{};
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

double seconds_of(char unit) {
  switch (unit) {
    case 's':
      return 1;
    case 'm':
      return 60;
    case 'h':
      return 3600;
    case 'd':
      return 86400;
    default:
      return 0;
  }
}

std::string two_units(Index greater, char greater_unit, Index lesser, char lesser_unit) {
  return std::to_string(greater) + greater_unit + (lesser < 10 ? "0" : "") + std::to_string(lesser) + lesser_unit;
}

}  // namespace

std::optional<double> parse_duration(std::string_view text) {
  if (const auto plain = whole<double>(text)) {
    const bool sensible = *plain >= 0 && *plain <= kHundredYears;
    return sensible ? plain : std::nullopt;
  }
  double total = 0;
  const char* const end = text.data() + text.size();
  for (const char* p = text.data(); p != end;) {
    double value = 0;
    const auto result = std::from_chars(p, end, value, std::chars_format::fixed);
    const double unit = result.ec == std::errc() && result.ptr != end ? seconds_of(*result.ptr) : 0;
    if (unit == 0 || !(value >= 0) || !((total += value * unit) <= kHundredYears)) return std::nullopt;
    p = result.ptr + 1;
  }
  return text.empty() ? std::nullopt : std::optional(total);
}

std::optional<Index> parse_index(std::string_view text) { return whole<Index>(text); }

std::optional<double> parse_number(std::string_view text) {
  const auto value = whole<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::string format_bytes(Index bytes) {
  if (bytes < 1024) return format_counted(bytes, "byte");
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  constexpr std::array<const char*, 6> kUnits = {" bytes", " KiB", " MiB", " GiB", " TiB", " PiB"};
  for (; value >= 1023.5 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return format_printf(value < 9.995 ? "%.2f" : value < 99.95 ? "%.1f" : "%.0f", value) + kUnits[unit];
}

std::string format_count(Index count) {
  std::string digits = std::to_string(count);
  const std::size_t sign = count < 0 ? 1 : 0;
  for (std::size_t i = digits.size(); i > sign + 3;) digits.insert(i -= 3, ",");
  return digits;
}

std::string format_counted(Index count, std::string_view noun) {
  return format_count(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string format_number(double value) {
  std::array<char, 64> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

std::string format_duration(double seconds) {
  const auto s = static_cast<Index>(std::llround(seconds));
  if (s < 60) return std::to_string(s) + "s";
  if (s < 3600) return two_units(s / 60, 'm', s % 60, 's');
  if (s < 86400) return two_units(s / 3600, 'h', s % 3600 / 60, 'm');
  return two_units(s / 86400, 'd', s % 86400 / 3600, 'h');
}

std::string format_printf(const char* pattern, double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), pattern, value);
  return text.data();
}

}  // namespace moelm
