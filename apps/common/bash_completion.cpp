#include "common/completion.hpp"

namespace moelm {

namespace {

/// Bash cuts words at "=", so `--set train.lr=0.1` is four of them, which are glued here. Then the option that the last
/// word is a value of: named in the word, the word before, or one further left that takes many values.
constexpr const char* kBegin = R"(# bash completion for @NAME@, written by @NAME@ --help-completion bash

# Offers the words that begin with $1: keys before "=", their values behind it.
_@FUNCTION@_offer() {
  local word typed=$1
  shift
  for word in "$@"; do
    [[ $word == "$typed"* ]] || continue
    if [[ $typed == *=* ]]; then
      [[ $word == *=?* ]] || continue
      [[ $COMP_WORDBREAKS == *=* ]] && word=${word#"${typed%=*}="}
    elif [[ $word == *=?* ]]; then
      continue
    fi
    [[ $word == *= ]] && compopt -o nospace
    COMPREPLY+=("$word")
  done
}

_@FUNCTION@() {
  local -a words=()
  local word glue= option= value index
  for word in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
    if [[ $word == = || -n $glue ]]; then words[-1]+=$word; else words+=("$word"); fi
    if [[ $word == = ]]; then glue=yes; else glue=; fi
  done
  value=${words[-1]}
  if [[ $value == --*=* ]]; then
    option=${value%%=*}
    value=${value#*=}
  else
    case ${words[-2]} in
      @SINGLE@) option=${words[-2]} ;;
    esac
    for ((index = ${#words[@]} - 2; index > 0; --index)); do
      [[ -n $option || $value == -?* ]] && break
      case ${words[index]} in
        @MANY@) option=${words[index]} ;;
        -?*) break ;;
      esac
    done
  fi
  COMPREPLY=()
  case $option in
)";

std::string replaced(std::string text, const std::string& placeholder, const std::string& by) {
  for (std::size_t at = text.find(placeholder); at != std::string::npos; at = text.find(placeholder, at + by.size()))
    text.replace(at, placeholder.size(), by);
  return text;
}

std::string pattern_of(const DeclaredOption& option) {
  std::string text;
  for (const std::string& name : option.names) text += (text.empty() ? "" : " | ") + name;
  return text;
}

/// A pattern for the options that take many values, or for those that take one; of nothing, if there are none.
std::string pattern_of(const CommandDescription& command, bool many) {
  std::string text;
  for (const DeclaredOption& option : command.options) {
    if (option.is_argument() || option.values == OptionValues::none) continue;
    if ((option.values == OptionValues::many) == many) text += (text.empty() ? "" : " | ") + pattern_of(option);
  }
  return text.empty() ? "''" : text;
}

std::string offer(const std::vector<std::string>& words) {
  std::string text = "_@FUNCTION@_offer \"$value\"";
  for (const std::string& word : words) text += " " + shell_quoted(word);
  return text + "; ";
}

/// Bash itself completes paths where nothing else was offered: it knows how to quote them.
std::string reply(const Completion& completion) {
  std::string text;
  if (!completion.words.empty()) text += offer(completion.words);
  if (completion.files) text += "compopt -o default; ";
  if (completion.folders) text += "compopt -o dirnames; ";
  return text.empty() ? ": ; " : text;
}

}  // namespace

std::string bash_completion(const CommandDescription& command) {
  std::string text = replaced(kBegin, "@SINGLE@", pattern_of(command, false));
  text = replaced(text, "@MANY@", pattern_of(command, true));
  std::vector<std::string> names;
  Completion arguments;
  for (const DeclaredOption& option : command.options) {
    names.insert(names.end(), option.names.begin(), option.names.end());
    if (option.is_argument())
      arguments = completion_of(option);
    else if (option.values != OptionValues::none)
      text += "    " + pattern_of(option) + ") " + reply(completion_of(option)) + ";;\n";
  }
  text += "    *) if [[ $value == -* ]]; then " + offer(names) + "else " + reply(arguments) + "fi ;;\n";
  text += "  esac\n}\n\ncomplete -F _@FUNCTION@ @NAME@\n";
  return replaced(replaced(text, "@FUNCTION@", function_name(command)), "@NAME@", command.name);
}

}  // namespace moelm
