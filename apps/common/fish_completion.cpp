#include "common/completion.hpp"

namespace moelm {

namespace {

/// A word that fish reads as it is.
std::string fish_quoted(const std::string& word) {
  std::string text = "'";
  for (const char c : word) text += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return text + "'";
}

/// A function that offers keys, and behind "=" their values.
std::string fish_keys(const std::string& name, const Completion& completion) {
  std::string text = "function " + name + "\n  set -l words";
  for (const std::string& word : completion.words) text += " " + fish_quoted(word);
  return text + R"(
  if string match -q -- '*=*' (string replace -r -- '^--[^=]*=' '' (commandline -ct))
    string match -r -- '^.*=.+$' $words
  else
    string match -- '*=' $words
  end
end
)";
}

std::string value_of(const DeclaredOption& option, const std::string& function) {
  const Completion completion = completion_of(option);
  if (has_keys(completion)) return " -x -a '(" + function + ")'";
  const std::string words = spaced(completion.words);
  if (completion.folders && words.empty()) return " -x -a '(__fish_complete_directories (commandline -ct))'";
  const std::string offered = words.empty() ? "" : " -a " + fish_quoted(words);
  return (completion.files || completion.folders ? " -r -F" : " -x") + offered;
}

}  // namespace

std::string fish_completion(const CommandDescription& command) {
  std::string functions, lines;
  bool takes_paths = false;
  for (const DeclaredOption& option : command.options) {
    takes_paths = takes_paths || option.is_argument() || option.values == OptionValues::many;
    if (option.is_argument()) continue;
    lines += "complete -c " + command.name;
    for (const std::string& name : option.names)
      lines += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    if (option.values != OptionValues::none) {
      const std::string function = "__" + function_name(command) + "_" + option.name().substr(2);
      if (const Completion completion = completion_of(option); has_keys(completion))
        functions += fish_keys(function, completion);
      lines += value_of(option, function);
    }
    lines += " -d " + fish_quoted(option.help) + "\n";
  }
  return "# fish completion for " + command.name + ", written by " + command.name + " --help-completion fish\n" +
         functions + (takes_paths ? "" : "complete -c " + command.name + " -f\n") + lines;
}

}  // namespace moelm
