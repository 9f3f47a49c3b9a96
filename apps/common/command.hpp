// The command line of one program: options with help, examples and exit codes, and what all programs have in common.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/index.hpp"
#include "base/machine.hpp"
#include "base/option.hpp"
#include "common/command_description.hpp"

namespace moelm {

class OptionParser;

/// Declares options, then parses them. Every problem is Error(usage). An option with one value may be repeated with the
/// same value. Bound variables must outlive the command.
class Command {
 public:
  /// `usage` follows the name in the usage line: "--data data/ --out run/ [options]". Adds --help, --version, --quiet,
  /// --threads, and what writes the manual page and completion: --help-man and --help-completion SHELL.
  Command(std::string name, std::string summary, std::string usage);
  ~Command();
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  void flag(const std::string& name, bool& value, const std::string& help);
  /// --json, for programs that report.
  void json_flag(const std::string& help);

  void option(const std::string& name, const std::string& unit, std::string& value, const std::string& help);
  void option(const std::string& name, const std::string& unit, std::optional<std::string>& value,
              const std::string& help);
  void option(const std::string& name, const std::string& unit, std::optional<Index>& value, Index min,
              const std::string& help);
  void option(const std::string& name, const std::string& unit, std::optional<double>& value, double min,
              const std::string& help);
  /// One of the spellings of an enum.
  template <class E>
  void choice(const std::string& name, std::optional<E>& value, const std::string& help) {
    choice_of(name, enum_spellings<E>(), help, [&value](const std::string& text) { value = parse_enum<E>(text); });
  }
  /// Takes one value and may be repeated.
  void repeated(const std::string& name, const std::string& unit, std::vector<std::string>& values,
                const std::string& help);
  /// Takes all values up to the next option, at least one. May be repeated.
  void list(const std::string& name, const std::string& unit, std::vector<std::string>& values,
            const std::string& help);
  /// Arguments without an option, in order: `min` to `max` of them.
  void positional(const std::string& name, std::vector<std::string>& values, Index min, Index max,
                  const std::string& help);
  /// The two cannot be given together.
  void exclude(const std::string& name, const std::string& other);
  /// What completion offers for the values of an option that was declared; see DeclaredOption::offered.
  void offer(const std::string& name, std::function<std::vector<std::string>()> values);

  void example(const std::string& arguments, const std::string& what_it_does);
  /// Describes an exit code. Those that every program may end with (0, 2, 70, 71, 74, 77) have a description.
  void exit_code(Exit exit, const std::string& meaning);
  /// Names a library that not every build has, for --version. Empty: this build has it not.
  void built_with(std::string library) { built_with_ = std::move(library); }
  /// Called with the name of an unknown option ("seed" of "--seed" or "-seed") for a hint; returns "" for none.
  void on_unknown(std::function<std::string(const std::string&)> hint);
  /// The hint for these names: of other programs' options that this one has not. May be called several times.
  void hint(std::vector<std::string> names, const std::string& hint);

  /// Names the option that takes what was given without one, in a command that has no positional arguments.
  void input_option(const std::string& name) { input_option_ = name; }

  /// Fills the variables. Returns an exit code if the program should end at once: after --help or --version, or without
  /// arguments (the usage is then on stderr).
  std::optional<int> parse(int argc, const char* const* argv);

  bool given(const std::string& name) const;
  bool json() const { return json_; }
  bool quiet() const { return quiet_; }
  /// --threads, else the default of this machine, with its source.
  ThreadChoice threads() const;

 private:
  void choice_of(const std::string& name, const std::vector<std::string>& names, const std::string& help,
                 const std::function<void(const std::string& chosen)>& set);
  DeclaredOption& declare(const std::vector<std::string>& names, const std::string& unit, const std::string& help,
                          OptionValues values);
  /// Sorts words into options and the rest, which is returned.
  std::vector<std::string> parse_words(const std::vector<std::string>& words);
  /// The value of an option that was given, which must be one of `names`.
  std::string chosen(const std::string& name, const std::vector<std::string>& names) const;
  /// Prints what --help and similar options ask for. Returns whether there was one.
  bool print_help();
  /// "--out --json": the value was forgotten.
  void require_values() const;
  void take_positional(const std::string& argument);
  [[noreturn]] void refuse_unknown(const std::string& argument) const;
  /// The end of a message: what was probably meant, or where to look.
  std::string advice(const std::string& meant) const;

  CommandDescription description_;
  std::unique_ptr<OptionParser> parser_;
  std::function<std::string(const std::string&)> hint_;
  std::vector<std::function<void()>> conversions_;
  std::vector<std::string> positionals_;
  Index max_positionals_ = 0;
  std::string input_option_;
  std::optional<Index> threads_;
  bool json_ = false;
  std::string built_with_;
  bool quiet_ = false;
  bool help_ = false;
  bool version_ = false;
  bool man_ = false;
};

}  // namespace moelm
