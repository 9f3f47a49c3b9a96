#include "common/completion.hpp"

namespace moelm {

namespace {

/// Text inside a specification of _arguments.
std::string specified(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string without_dashes(const std::string& name) { return name.substr(name.find_first_not_of('-')); }

/// A function that offers keys, and behind "=" their values.
std::string zsh_keys(const std::string& name, const Completion& completion) {
  std::string text = name + "() {\n  local -a words=(";
  for (const std::string& word : completion.words) text += "\n    " + shell_quoted(word);
  return text + R"()
  if compset -P 1 '*='; then
    local key=${${IPREFIX%=}##*=}=
    compadd -- ${${(M)words:#$key?*}#$key}
  else
    compadd -S '' -- ${(M)words:#*=}
  fi
}

)";
}

/// What completes the values of an option; `function` is that of its keys.
std::string action(const Completion& completion, const std::string& function) {
  if (has_keys(completion)) return function;
  const std::string paths = completion.files ? "_files" : completion.folders ? "_files -/" : "";
  if (completion.words.empty()) return paths.empty() ? " " : paths;
  if (paths.empty()) return "(" + spaced(completion.words) + ")";
  return "{ compadd " + spaced(completion.words) + "; " + paths + " }";
}

std::string specification(const DeclaredOption& option, const std::string& function) {
  std::string text;
  for (const std::string& name : option.names) {
    const bool with_value = option.values != OptionValues::none;
    const bool repeatable = option.values == OptionValues::repeated || option.values == OptionValues::many;
    std::string spec = (repeatable ? "*" : "") + name + (with_value && name.starts_with("--") ? "=" : "") + "[" +
                       specified(option.help) + "]";
    if (with_value) {
      if (option.values == OptionValues::many) spec += ":*-*";
      spec += ":" + specified(option.unit) + ":" + action(completion_of(option), function);
    }
    text += " \\\n    " + shell_quoted(spec);
  }
  return text;
}

}  // namespace

std::string zsh_completion(const CommandDescription& command) {
  std::string functions, specifications;
  for (const DeclaredOption& option : command.options) {
    if (option.is_argument()) {
      specifications += " \\\n    " + shell_quoted("*:" + specified(option.unit) + ":_files");
      continue;
    }
    const Completion completion = option.values == OptionValues::none ? Completion{} : completion_of(option);
    const std::string function = "_" + command.name + "-" + without_dashes(option.name());
    if (has_keys(completion)) functions += zsh_keys(function, completion);
    specifications += specification(option, function);
  }
  return "#compdef " + command.name + "\n# zsh completion for " + command.name + ", written by " + command.name +
         " --help-completion zsh\n\n" + functions + "_" + command.name + "() {\n  _arguments -S" + specifications +
         "\n}\n\nif [[ $funcstack[1] == _" + command.name + " ]]; then\n  _" + command.name +
         " \"$@\"\nelse\n  compdef _" + command.name + " " + command.name + "\nfi\n";
}

}  // namespace moelm
