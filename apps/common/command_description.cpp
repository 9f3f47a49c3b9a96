#include "common/command_description.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>

namespace moelm {

namespace {

constexpr std::array<std::string_view, 3> kFiles = {"FILE", "PATH", "LIST"};
constexpr std::array<std::string_view, 4> kFolders = {"DIR", "FOLDER", "RUN", "DATA"};

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_lower(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::islower(c) != 0; });
}

}  // namespace

const DeclaredOption* find_option(const CommandDescription& command, const std::string& name) {
  for (const DeclaredOption& option : command.options)
    if (std::find(option.names.begin(), option.names.end(), name) != option.names.end()) return &option;
  return nullptr;
}

DeclaredOption* find_option(CommandDescription& command, const std::string& name) {
  return const_cast<DeclaredOption*>(find_option(std::as_const(command), name));
}

std::vector<std::string> long_names(const CommandDescription& command) {
  std::vector<std::string> names;
  for (const DeclaredOption& option : command.options)
    for (const std::string& name : option.names)
      if (name.starts_with("--")) names.push_back(name);
  return names;
}

Completion completion_of(const DeclaredOption& option) {
  Completion completion;
  if (option.offered) {
    completion.words = option.offered();
    return completion;
  }
  if (option.is_argument()) {  // a run, texts, rows: all are paths
    completion.files = true;
    return completion;
  }
  std::string_view unit = option.unit;
  if (unit.ends_with("...")) unit.remove_suffix(3);
  for (std::size_t begin = 0; begin <= unit.size();) {
    const std::size_t end = std::min(unit.find('|', begin), unit.size());
    const std::string_view part = unit.substr(begin, end - begin);
    if (is_lower(part)) completion.words.emplace_back(part);
    completion.files = completion.files || is_one_of(part, kFiles);
    completion.folders = completion.folders || is_one_of(part, kFolders);
    begin = end + 1;
  }
  return completion;
}

bool has_keys(const Completion& completion) {
  return std::any_of(completion.words.begin(), completion.words.end(),
                     [](const std::string& word) { return word.ends_with('='); });
}

}  // namespace moelm
