#include "common/command.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>

#include "base/instruction_set.hpp"
#include "base/quantity.hpp"
#include "base/version.hpp"
#include "common/arguments.hpp"
#include "common/output.hpp"
#include "terminal/terminal.hpp"

namespace moelm {

namespace {

constexpr Index kMaxThreads = 4096;
constexpr Index kMaxHelpWidth = 100;
constexpr Index kNarrowWidth = 60;

Error usage_error(const std::string& message) { return {Exit::usage, message}; }

/// The value of an option, which may be repeated with the same value only.
std::string single(const CLI::Option& option) {
  const auto& values = option.results();
  for (const std::string& value : values)
    if (value != values.front())
      throw usage_error(option.get_name() + ": given twice, as " + values.front() + " and as " + value);
  return values.front();
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

Index help_width() { return std::min(terminal_columns(STDOUT_FILENO), kMaxHelpWidth); }

/// Text broken at the width of the terminal. The first line starts at `column`, the others at `indent`.
std::string wrapped(const std::string& text, Index indent, Index column, const char* line_suffix = "") {
  return wrap_words(text, help_width(), indent, column, line_suffix) + "\n";
}

std::string entry(const std::string& label, const std::string& text) {
  const std::size_t indent = help_width() < kNarrowWidth ? 6 : 26;
  std::string line = "  " + label;
  if (line.size() + 2 > indent)
    line += "\n" + std::string(indent, ' ');
  else
    line.resize(indent, ' ');
  return line + wrapped(text, static_cast<Index>(indent), static_cast<Index>(indent));
}

}  // namespace

struct Command::Parser {
  CLI::App app;
  std::string options;  ///< their part of the help text
  OptionsWithValues values;
  std::map<std::string, std::string> units;  ///< of the options that take values

  CLI::Option* add(const std::string& name, const std::string& unit, const std::string& help) {
    CLI::Option* option = app.add_option(name, CLI::callback_t([](const CLI::results_t&) { return true; }), help);
    option->type_size(1)->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    option->allow_extra_args(false);
    options += entry(unit.empty() ? name : name + " " + unit, help);
    values[name] = OptionValues::one;
    units[name] = unit;
    return option;
  }

  /// "--out --json": the value was forgotten.
  void require_values() const {
    const std::vector<std::string> names = option_names();
    for (const auto& [name, unit] : units)
      for (const std::string& value : app.get_option(name)->results())
        if (std::find(names.begin(), names.end(), value) != names.end())
          throw usage_error(name + ": expected " + unit + ", found the option " + value);
  }

  std::vector<std::string> option_names() const {
    std::vector<std::string> names;
    for (const CLI::Option* option : app.get_options())
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    return names;
  }
};

Command::Command(std::string name, std::string summary, std::string usage)
    : name_(std::move(name)),
      summary_(std::move(summary)),
      usage_(std::move(usage)),
      parser_(std::make_unique<Parser>()),
      exits_{{0, "done"}, {2, "wrong usage"}} {
  parser_->app.set_help_flag();
  parser_->app.allow_extras();
  flag("-h,--help", help_, "print this help and exit");
  flag("--version", version_, "print the version and exit");
  flag("-q,--quiet", quiet_, "errors only: no progress and no notes on stderr");
  option("--threads", "N", threads_, 1,
         "threads; else OMP_NUM_THREADS, SLURM_CPUS_PER_TASK, or the physical cores within the limits of the process");
}

Command::~Command() = default;

void Command::flag(const std::string& name, bool& value, const std::string& help) {
  parser_->app.add_flag(name, value, help);
  parser_->options += entry(name, help);
}

void Command::json_flag(const std::string& help) { flag("--json", json_, help); }

void Command::option(const std::string& name, const std::string& unit, std::string& value, const std::string& help) {
  const CLI::Option* option = parser_->add(name, unit, help);
  conversions_.push_back([option, &value] {
    if (option->count() > 0) value = single(*option);
  });
}

void Command::option(const std::string& name, const std::string& unit, std::optional<std::string>& value,
                     const std::string& help) {
  const CLI::Option* option = parser_->add(name, unit, help);
  conversions_.push_back([option, &value] {
    if (option->count() > 0) value = single(*option);
  });
}

void Command::option(const std::string& name, const std::string& unit, std::optional<Index>& value, Index min,
                     const std::string& help) {
  const CLI::Option* option = parser_->add(name, unit, help);
  conversions_.push_back([option, &value, min] {
    if (option->count() == 0) return;
    const std::string text = single(*option);
    value = parse_index(text);
    if (!value || *value < min)
      throw usage_error(option->get_name() + ": expected an integer of at least " + std::to_string(min) + ", found " +
                        text);
  });
}

void Command::option(const std::string& name, const std::string& unit, std::optional<double>& value, double min,
                     const std::string& help) {
  const CLI::Option* option = parser_->add(name, unit, help);
  conversions_.push_back([option, &value, min] {
    if (option->count() == 0) return;
    const std::string text = single(*option);
    value = parse_number(text);
    if (!value || *value < min)
      throw usage_error(option->get_name() + ": expected a number of at least " + format_number(min) + ", found " +
                        text);
  });
}

void Command::choice_of(const std::string& name, const std::vector<std::string>& names, const std::string& help,
                        const std::function<void(const std::string& chosen)>& set) {
  const CLI::Option* option = parser_->add(name, "NAME", help + " (" + joined(names) + ")");
  conversions_.push_back([option, names, set] {
    if (option->count() == 0) return;
    const std::string chosen = single(*option);
    if (std::find(names.begin(), names.end(), chosen) == names.end())
      throw usage_error(option->get_name() + ": expected one of " + joined(names) + ", found " + chosen);
    set(chosen);
  });
}

void Command::repeated(const std::string& name, const std::string& unit, std::vector<std::string>& values,
                       const std::string& help) {
  const CLI::Option* option = parser_->add(name, unit, help);
  conversions_.push_back([option, &values] { values = option->results(); });
}

void Command::list(const std::string& name, const std::string& unit, std::vector<std::string>& values,
                   const std::string& help) {
  const CLI::Option* option = parser_->add(name, unit + "...", help);
  parser_->values[name] = OptionValues::many;
  conversions_.push_back([option, &values] { values = option->results(); });
}

void Command::positional(const std::string& name, std::vector<std::string>& values, Index min, Index max,
                         const std::string& help) {
  parser_->options += entry(name, help);
  max_positionals_ = max;
  conversions_.push_back([this, name, min, &values] {
    values = positionals_;
    if (static_cast<Index>(values.size()) < min) throw usage_error(name + ": missing; see " + name_ + " --help");
  });
}

void Command::exclude(const std::string& name, const std::string& other) {
  conversions_.push_back([this, name, other] {
    if (given(name) && given(other)) throw usage_error(name + " and " + other + " cannot be given together");
  });
}

void Command::example(const std::string& arguments, const std::string& what_it_does) {
  examples_.emplace_back(name_ + " " + arguments, what_it_does);
}

void Command::exit_code(Exit exit, const std::string& meaning) { exits_.emplace_back(static_cast<int>(exit), meaning); }

void Command::on_unknown(std::function<std::string(const std::string&)> hint) { hint_ = std::move(hint); }

std::optional<int> Command::parse(int argc, const char* const* argv) {
  if (argc <= 1) {
    say_text("usage: " + name_ + " " + usage_ + "\nSee '" + name_ + " --help'.\n");
    return static_cast<int>(Exit::usage);
  }
  // What follows "--" is not parsed: CLI11 would report it as unknown options.
  const char* const* const end = argv + argc;
  const char* const* const options_end =
      std::find_if(argv, end, [](const char* a) { return std::string_view(a) == "--"; });
  std::vector<std::string> arguments = one_value_each({argv + 1, options_end}, parser_->values);
  if (const std::string typed = single_dash_option(arguments, parser_->values); !typed.empty()) refuse_unknown(typed);
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
  try {
    parser_->app.parse(std::move(arguments));
  } catch (const CLI::ArgumentMismatch& e) {
    const std::string name = std::string(e.what()).substr(0, std::string(e.what()).find(':'));
    const auto unit = parser_->units.find(name);
    throw usage_error(unit == parser_->units.end() ? e.what() + std::string("; see ") + name_ + " --help"
                                                   : name + ": expected " + unit->second + ", found nothing");
  } catch (const CLI::ParseError& e) {
    throw usage_error(std::string(e.what()) + "; see " + name_ + " --help");
  }
  if (help_) {
    print_text(help_text());
    return 0;
  }
  if (version_) {
    print_line(name_ + " (moelm) " + version() + (built_with_.empty() ? "" : ", " + built_with_));
    return 0;
  }
  parser_->require_values();
  for (const std::string& argument : parser_->app.remaining()) {
    if (argument.size() > 1 && argument[0] == '-') refuse_unknown(argument);
    take_positional(argument);
  }
  for (const char* const* argument = options_end + 1; argument < end; ++argument) take_positional(*argument);
  for (const auto& convert : conversions_) convert();
  if (threads_ && *threads_ > kMaxThreads)
    throw usage_error("--threads: expected at most " + std::to_string(kMaxThreads) + ", found " +
                      std::to_string(*threads_));
  if (const std::string note = instruction_note(); !note.empty() && !quiet_) say_line("warning: " + note);
  return std::nullopt;
}

void Command::take_positional(const std::string& argument) {
  if (static_cast<Index>(positionals_.size()) == max_positionals_)
    throw usage_error(argument + ": unexpected; see " + name_ + " --help");
  positionals_.push_back(argument);
}

void Command::refuse_unknown(const std::string& argument) const {
  const std::string name = argument.substr(0, argument.find('='));
  std::string hint = meant_option(name, parser_->option_names());
  // An exact key of the configuration is a better guess than an option with a similar name.
  if (const std::string other = hint_ ? hint_(name) : ""; !other.empty()) hint = other;
  throw usage_error(name + ": unknown option; " +
                    (hint.empty() ? "see " + name_ + " --help" : "did you mean " + hint + "?"));
}

std::string Command::help_text() const {
  std::string text = wrapped("usage: " + name_ + " " + usage_, 8, 0, " \\") + "\n" + wrapped(summary_, 0, 0) +
                     "\noptions:\n" + parser_->options;
  if (!examples_.empty()) text += "\nexamples:\n";
  for (const auto& [command, meaning] : examples_)
    text += "  " + wrapped(command, 6, 2, " \\") + "      " + wrapped(meaning, 6, 6);
  text += "\nexit codes:\n";
  auto exits = exits_;
  exits.emplace_back(static_cast<int>(Exit::internal), "a bug of the program");
  std::sort(exits.begin(), exits.end());
  for (const auto& [code, meaning] : exits)
    text += "  " + std::to_string(code) + std::string(code < 10 ? 3 : 2, ' ') + wrapped(meaning, 6, 6);
  return text;
}

bool Command::given(const std::string& name) const { return parser_->app.get_option(name)->count() > 0; }

ThreadChoice Command::threads() const {
  if (threads_) return {static_cast<int>(*threads_), "--threads"};
  ThreadChoice choice = default_threads();
  choice.threads = std::min(choice.threads, static_cast<int>(kMaxThreads));
  return choice;
}

}  // namespace moelm
