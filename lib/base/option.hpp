// How a configuration struct describes its fields, once: from here come parsing, --help, JSON and documentation.
#pragma once

#include <array>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace moelm {

/// Description of one field. A struct `C` is configurable when `fields(C&, visitor)` calls
/// visitor(Option, field) for every field, in the order of the documentation. Field types: Index, double, bool,
/// std::string, an enum with EnumNames, std::vector<Index>.
struct Option {
  const char* key;
  const char* help;
  const char* unit = "";
  double least = -std::numeric_limits<double>::infinity();    ///< smallest value that makes sense
  double greatest = std::numeric_limits<double>::infinity();  ///< greatest value that makes sense
  /// Whether a run that exists may be continued with another value (steps, intervals, logging).
  bool may_change = false;
};

/// The spelling of an enum's values: specialise with
/// `static constexpr std::array<std::pair<std::string_view, E>, N> values`.
template <class E>
struct EnumNames;

/// The spelling of one value.
template <class E>
constexpr std::string_view enum_name(E value) {
  for (const auto& [name, v] : EnumNames<E>::values)
    if (v == value) return name;
  return "?";
}

/// The value of this spelling, if there is one.
template <class E>
constexpr std::optional<E> parse_enum(std::string_view text) {
  for (const auto& [name, value] : EnumNames<E>::values)
    if (name == text) return value;
  return std::nullopt;
}

/// All spellings in the order of EnumNames.
template <class E>
std::vector<std::string> enum_spellings() {
  std::vector<std::string> names;
  for (const auto& [name, value] : EnumNames<E>::values) names.emplace_back(name);
  return names;
}

}  // namespace moelm
