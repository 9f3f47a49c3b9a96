#include "common/command.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/check.hpp"
#include "base/instruction_set.hpp"
#include "base/quantity.hpp"
#include "base/version.hpp"
#include "common/arguments.hpp"
#include "common/completion.hpp"
#include "common/help_text.hpp"
#include "common/man_page.hpp"
#include "common/option_parser.hpp"
#include "common/output.hpp"
#include "terminal/terminal.hpp"

namespace moelm {

namespace {

constexpr Index kMaxThreads = 4096;
constexpr Index kMaxHelpWidth = 100;

/// What any program may end with.
constexpr std::array<std::pair<Exit, const char*>, 6> kCommonExits = {{
    {Exit::ok, "done"},
    {Exit::usage, "wrong usage"},
    {Exit::internal, "a bug of the program"},
    {Exit::out_of_memory, "out of memory"},
    {Exit::io, "reading or writing failed"},
    {Exit::no_permission, "no permission"},
}};

Error usage_error(const std::string& message) { return {Exit::usage, message}; }

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

Command::Command(std::string name, std::string summary, std::string usage)
    : description_{std::move(name), std::move(summary), std::move(usage), {}, {}, {}},
      parser_(std::make_unique<OptionParser>()) {
  for (const auto& [code, meaning] : kCommonExits) exit_code(code, meaning);
  flag("-h,--help", help_, "print this help and exit");
  flag("--version", version_, "print the version and exit");
  flag("--help-man", man_, "print this page in roff and exit");
  description_.options.back().in_help = false;
  choice_of("--help-completion", enum_spellings<Shell>(), "print a script that completes this command, and exit",
            [](const std::string&) {});
  description_.options.back().in_help = false;
  flag("-q,--quiet", quiet_, "errors only: no progress and no notes on stderr");
  option("--threads", "N", threads_, 1,
         "threads; else OMP_NUM_THREADS, SLURM_CPUS_PER_TASK, or the physical cores within the limits of the process");
}

Command::~Command() = default;

DeclaredOption& Command::declare(const std::vector<std::string>& names, const std::string& unit,
                                 const std::string& help, OptionValues values) {
  return description_.options.emplace_back(DeclaredOption{names, unit, help, values, {}, true});
}

void Command::flag(const std::string& name, bool& value, const std::string& help) {
  parser_->add_flag(name, value);
  const std::size_t comma = name.find(',');
  if (comma == std::string::npos)
    declare({name}, "", help, OptionValues::none);
  else
    declare({name.substr(0, comma), name.substr(comma + 1)}, "", help, OptionValues::none);
}

void Command::json_flag(const std::string& help) { flag("--json", json_, help); }

void Command::option(const std::string& name, const std::string& unit, std::string& value, const std::string& help) {
  parser_->add_option(name);
  declare({name}, unit, help, OptionValues::one);
  conversions_.push_back([this, name, &value] {
    if (given(name)) value = parser_->value(name);
  });
}

void Command::option(const std::string& name, const std::string& unit, std::optional<std::string>& value,
                     const std::string& help) {
  parser_->add_option(name);
  declare({name}, unit, help, OptionValues::one);
  conversions_.push_back([this, name, &value] {
    if (given(name)) value = parser_->value(name);
  });
}

void Command::option(const std::string& name, const std::string& unit, std::optional<Index>& value, Index min,
                     const std::string& help) {
  parser_->add_option(name);
  declare({name}, unit, help, OptionValues::one);
  conversions_.push_back([this, name, &value, min] {
    if (!given(name)) return;
    const std::string text = parser_->value(name);
    value = parse_index(text);
    if (!value || *value < min)
      throw usage_error(name + ": expected an integer of at least " + std::to_string(min) + ", found " + text);
  });
}

void Command::option(const std::string& name, const std::string& unit, std::optional<double>& value, double min,
                     const std::string& help) {
  parser_->add_option(name);
  declare({name}, unit, help, OptionValues::one);
  conversions_.push_back([this, name, &value, min] {
    if (!given(name)) return;
    const std::string text = parser_->value(name);
    value = parse_number(text);
    if (!value || *value < min)
      throw usage_error(name + ": expected a number of at least " + format_number(min) + ", found " + text);
  });
}

void Command::choice_of(const std::string& name, const std::vector<std::string>& names, const std::string& help,
                        const std::function<void(const std::string& chosen)>& set) {
  parser_->add_option(name);
  declare({name}, "NAME", help + " (" + joined(names) + ")", OptionValues::one).offered = [names] { return names; };
  conversions_.push_back([this, name, names, set] {
    if (given(name)) set(chosen(name, names));
  });
}

void Command::repeated(const std::string& name, const std::string& unit, std::vector<std::string>& values,
                       const std::string& help) {
  parser_->add_option(name);
  declare({name}, unit, help, OptionValues::repeated);
  conversions_.push_back([this, name, &values] { values = parser_->values(name); });
}

void Command::list(const std::string& name, const std::string& unit, std::vector<std::string>& values,
                   const std::string& help) {
  parser_->add_option(name);
  declare({name}, unit + "...", help, OptionValues::many);
  conversions_.push_back([this, name, &values] { values = parser_->values(name); });
}

void Command::positional(const std::string& name, std::vector<std::string>& values, Index min, Index max,
                         const std::string& help) {
  declare({}, name, help, OptionValues::many);
  max_positionals_ = max;
  conversions_.push_back([this, name, min, &values] {
    values = positionals_;
    if (static_cast<Index>(values.size()) < min)
      throw usage_error(name + ": missing; see " + description_.name + " --help");
  });
}

void Command::exclude(const std::string& name, const std::string& other) {
  conversions_.push_back([this, name, other] {
    if (given(name) && given(other)) throw usage_error(name + " and " + other + " cannot be given together");
  });
}

void Command::offer(const std::string& name, std::function<std::vector<std::string>()> values) {
  DeclaredOption* const option = find_option(description_, name);
  ensure(option != nullptr, "what completion offers belongs to a declared option");
  option->offered = std::move(values);
}

void Command::example(const std::string& arguments, const std::string& what_it_does) {
  description_.examples.push_back({description_.name + " " + arguments, what_it_does});
}

void Command::exit_code(Exit exit, const std::string& meaning) { description_.exits[static_cast<int>(exit)] = meaning; }

void Command::on_unknown(std::function<std::string(const std::string&)> hint) { hint_ = std::move(hint); }

void Command::hint(std::vector<std::string> names, const std::string& hint) {
  on_unknown([names = std::move(names), hint, before = hint_](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) != names.end()) return hint;
    return before ? before(name) : "";
  });
}

std::optional<int> Command::parse(int argc, const char* const* argv) {
  if (argc <= 1) {
    say_text("usage: " + description_.name + " " + description_.usage + "\nSee '" + description_.name + " --help'.\n");
    return static_cast<int>(Exit::usage);
  }
  // What follows "--" is not parsed: CLI11 would take it for unknown options.
  const char* const* const end = argv + argc;
  const char* const* const options_end =
      std::find_if(argv, end, [](const char* a) { return std::string_view(a) == "--"; });
  const OptionsWithValues values = options_with_values(description_);
  const std::vector<std::string> arguments = one_value_each({argv + 1, options_end}, values);
  if (const std::string typed = single_dash_option(arguments, values); !typed.empty()) refuse_unknown(typed);
  const std::vector<std::string> others = parse_words(arguments);
  if (print_help()) return 0;
  require_values();
  for (const std::string& argument : others) {
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

std::vector<std::string> Command::parse_words(const std::vector<std::string>& words) {
  try {
    return parser_->parse(words);
  } catch (const ParseMistake& mistake) {
    const DeclaredOption* const option = find_option(description_, mistake.option);
    throw usage_error(option == nullptr || option->unit.empty()
                          ? mistake.message + "; see " + description_.name + " --help"
                          : mistake.option + ": expected " + option->unit + ", found nothing");
  }
}

std::string Command::chosen(const std::string& name, const std::vector<std::string>& names) const {
  const std::string text = parser_->value(name);
  if (std::find(names.begin(), names.end(), text) == names.end())
    throw usage_error(name + ": expected one of " + joined(names) + ", found " + text);
  return text;
}

bool Command::print_help() {
  if (help_) {
    print_text(help_text(description_, std::min(terminal_columns(STDOUT_FILENO), kMaxHelpWidth)));
  } else if (version_) {
    print_line(description_.name + " (moelm) " + version() + (built_with_.empty() ? "" : ", " + built_with_));
  } else if (man_) {
    print_text(man_page(description_));
  } else if (given("--help-completion")) {
    const std::string shell = chosen("--help-completion", enum_spellings<Shell>());
    print_text(completion_script(description_, *parse_enum<Shell>(shell)));
  } else {
    return false;
  }
  return true;
}

void Command::require_values() const {
  for (const DeclaredOption& option : description_.options) {
    if (option.is_argument() || option.values == OptionValues::none) continue;
    for (const std::string& value : parser_->values(option.name()))
      if (const std::string found = no_value(description_, option, value); !found.empty())
        throw usage_error(option.name() + ": expected " + option.unit + ", found " + found);
  }
}

void Command::take_positional(const std::string& argument) {
  if (argument.empty()) throw usage_error("expected names, found an empty one; see " + description_.name + " --help");
  if (static_cast<Index>(positionals_.size()) == max_positionals_)
    throw usage_error(argument + ": unexpected; " +
                      advice(input_option_.empty() || given(input_option_) ? "" : input_option_ + " " + argument));
  positionals_.push_back(argument);
}

void Command::refuse_unknown(const std::string& argument) const {
  const std::string name = argument.substr(0, argument.find('='));
  std::string hint = meant_option(name, long_names(description_));
  // An exact key of the configuration is a better guess than an option with a similar name.
  const std::string word = name.substr(std::min(name.find_first_not_of('-'), name.size()));
  if (const std::string other = hint_ ? hint_(word) : ""; !other.empty()) hint = other;
  throw usage_error(name + ": unknown option; " + advice(hint));
}

std::string Command::advice(const std::string& meant) const {
  return meant.empty() ? "see " + description_.name + " --help" : "did you mean " + meant + "?";
}

bool Command::given(const std::string& name) const { return parser_->given(name); }

ThreadChoice Command::threads() const {
  if (threads_) return {static_cast<int>(*threads_), "--threads"};
  ThreadChoice choice = default_threads();
  choice.threads = std::min(choice.threads, static_cast<int>(kMaxThreads));
  return choice;
}

}  // namespace moelm
