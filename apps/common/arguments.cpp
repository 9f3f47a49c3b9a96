#include "common/arguments.hpp"

#include <algorithm>
#include <cctype>

#include "base/nearest.hpp"

namespace moelm {

namespace {

constexpr std::size_t kTellingLetters = 3;

bool is_value(const std::string& argument) { return argument == "-" || !argument.starts_with('-'); }

bool has_single_dash(const std::string& argument) {
  return argument.size() > 2 && argument[0] == '-' && std::isalpha(static_cast<unsigned char>(argument[1])) != 0;
}

/// The only name that begins with this letter, or "".
std::string only_with_letter(char letter, const std::vector<std::string>& names) {
  std::string found;
  for (const std::string& name : names) {
    if (name[2] != letter) continue;
    if (!found.empty()) return {};
    found = name;
  }
  return found;
}

}  // namespace

OptionsWithValues options_with_values(const CommandDescription& command) {
  OptionsWithValues options;
  for (const DeclaredOption& option : command.options)
    if (!option.is_argument() && option.values != OptionValues::none) options[option.name()] = option.values;
  return options;
}

std::vector<std::string> one_value_each(const std::vector<std::string>& arguments, const OptionsWithValues& options) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    result.push_back(argument);
    const std::string name = argument.substr(0, argument.find('='));
    const auto option = options.find(name);
    if (option == options.end()) continue;
    const bool has_value = name.size() < argument.size();
    if (!has_value && i + 1 < arguments.size()) result.push_back(arguments[++i]);
    if (option->second != OptionValues::many) continue;
    while (i + 1 < arguments.size() && is_value(arguments[i + 1])) {
      result.push_back(name);
      result.push_back(arguments[++i]);
    }
  }
  return result;
}

std::string single_dash_option(const std::vector<std::string>& arguments, const OptionsWithValues& options) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (has_single_dash(arguments[i])) return arguments[i];
    if (options.contains(arguments[i])) ++i;
  }
  return {};
}

std::string no_value(const CommandDescription& command, const DeclaredOption& option, const std::string& typed) {
  if (find_option(command, typed) != nullptr) return "the option " + typed;
  // Mostly a variable of a script that is not set. It must not look like an option that was not given.
  return typed.empty() && option.unit != "TEXT" ? "an empty value" : "";
}

std::string meant_option(std::string_view typed, const std::vector<std::string>& names) {
  if (typed.size() == 2 && typed[0] == '-') return only_with_letter(typed[1], names);
  const std::string_view word = typed.substr(std::min(typed.find_first_not_of('-'), typed.size()));
  // Dashes would count as agreement: "--out" is not "--quiet".
  std::vector<std::string> stems;
  for (const std::string& name : names) stems.push_back(name.substr(2));
  std::string best = near_miss(word, stems);
  if (3 * edit_distance(word, best) <= static_cast<Index>(best.size()) && !best.empty()) return "--" + best;
  best.clear();
  if (word.size() < kTellingLetters) return best;
  for (const std::string& name : names) {
    const std::string_view stem = std::string_view(name).substr(2);
    const bool tells =
        stem.size() >= kTellingLetters && (word.starts_with(stem) || stem.ends_with(word) || stem.starts_with(word));
    if (tells && name.size() > best.size()) best = name;
  }
  return best;
}

}  // namespace moelm
