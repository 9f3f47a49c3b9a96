// How a configuration struct describes its fields, once. Parsing, help, JSON and documentation follow from it.
#pragma once

#include <array>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace moelm {

/// Description of one field. A struct `C` is configurable if `fields(C&, visitor)` calls visitor(Option, field) for
/// every field, in the order of the documentation. Field types: Index, double, bool, std::string, std::vector<Index>,
/// and enums with EnumNames.
struct Option {
  const char* key;
  const char* help;  ///< what it is, and when to change it
  const char* unit = "";
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  /// Whether an existing run can continue with another value (steps, intervals, logging).
  bool may_change = false;
};

/// The spelling of an enum's values. Specialise it with
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

/// "a, b or c", for messages.
inline std::string alternatives(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i)
    text += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + names[i];
  return text;
}

/// All spellings in the order of EnumNames.
template <class E>
std::vector<std::string> enum_spellings() {
  std::vector<std::string> names;
  for (const auto& [name, value] : EnumNames<E>::values) names.emplace_back(name);
  return names;
}

}  // namespace moelm
