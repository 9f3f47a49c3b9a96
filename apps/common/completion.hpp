// Scripts that complete the command line of a program in a shell.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "base/option.hpp"
#include "common/command_description.hpp"

namespace moelm {

enum class Shell { bash, zsh, fish };

template <>
struct EnumNames<Shell> {
  static constexpr std::array<std::pair<std::string_view, Shell>, 3> values = {
      {{"bash", Shell::bash}, {"zsh", Shell::zsh}, {"fish", Shell::fish}}};
};

/// The script to be sourced, or installed where the shell looks for completions. It needs no other file.
std::string completion_script(const CommandDescription& command, Shell shell);

std::string bash_completion(const CommandDescription& command);
std::string zsh_completion(const CommandDescription& command);
std::string fish_completion(const CommandDescription& command);

/// A word that these shells read as it is: 'it'\''s'. REQUIRES no line end.
std::string shell_quoted(std::string_view word);

/// The words with a blank between them.
std::string spaced(const std::vector<std::string>& words);

/// moe-train as the name of a function: moe_train.
std::string function_name(const CommandDescription& command);

}  // namespace moelm
