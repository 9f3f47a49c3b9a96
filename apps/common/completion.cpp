#include "common/completion.hpp"

#include <algorithm>

namespace moelm {

std::string completion_script(const CommandDescription& command, Shell shell) {
  switch (shell) {
    case Shell::bash:
      return bash_completion(command);
    case Shell::zsh:
      return zsh_completion(command);
    case Shell::fish:
      return fish_completion(command);
  }
  return {};
}

std::string shell_quoted(std::string_view word) {
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

std::string spaced(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string function_name(const CommandDescription& command) {
  std::string name = command.name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

}  // namespace moelm
