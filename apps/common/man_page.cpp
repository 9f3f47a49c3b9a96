#include "common/man_page.hpp"

#include <array>
#include <utility>

#include "common/roff.hpp"

namespace moelm {

namespace {

/// What every program reads of its environment.
constexpr std::array<std::pair<const char*, const char*>, 5> kEnvironment = {{
    {"OMP_NUM_THREADS", "number of threads, if --threads does not say it"},
    {"SLURM_CPUS_PER_TASK", "the same, after OMP_NUM_THREADS"},
    {"NO_COLOR, TERM", "if NO_COLOR is set or TERM is dumb, no line on the terminal is painted over"},
    {"COLUMNS", "width of tables and help; else that of the terminal"},
    {"MOELM_MAX_ISA", "baseline, avx2 or avx512: kernels for no better processor than this"},
}};

/// "without a full stop" and with a small letter, as a NAME section has it.
std::string short_summary(std::string summary) {
  if (summary.ends_with('.')) summary.pop_back();
  if (const auto end = summary.find_first_of(":."); end != std::string::npos) summary.resize(end);
  if (!summary.empty() && summary[0] >= 'A' && summary[0] <= 'Z')
    summary[0] = static_cast<char>(summary[0] + 'a' - 'A');
  return summary;
}

std::string option_label(const DeclaredOption& option) {
  std::string text;
  for (const std::string& name : option.names) text += (text.empty() ? "" : ", ") + roff_bold(name);
  if (option.unit.empty()) return text;
  return text + (text.empty() ? "" : " ") + roff_italic(option.unit);
}

}  // namespace

std::string man_page(const CommandDescription& command) {
  std::string text = roff_title(command.name, 1) + roff_section("NAME") + roff(command.name) + " \\- " +
                     roff(short_summary(command.summary)) + "\n" + roff_section("SYNOPSIS") + roff_bold(command.name) +
                     " " + roff(command.usage) + "\n" + roff_section("DESCRIPTION") + roff(command.summary) + "\n" +
                     roff_section("OPTIONS");
  for (const DeclaredOption& option : command.options) text += roff_entry(option_label(option), roff(option.help));
  text += roff_section("EXIT STATUS");
  for (const auto& [code, meaning] : command.exits) text += roff_entry(std::to_string(code), roff(meaning));
  text += roff_section("ENVIRONMENT");
  for (const auto& [variables, meaning] : kEnvironment) text += roff_entry(roff_bold(variables), roff(meaning));
  if (!command.examples.empty()) text += roff_section("EXAMPLES");
  for (const CommandExample& example : command.examples)
    text += roff_entry(roff_bold(example.command), roff(example.meaning));
  return text + roff_section("SEE ALSO") +
         "\\fBmoelm\\-data\\fR(5), \\fBmoelm\\-run\\fR(5), \\fBmoelm\\-output\\fR(5), \\fBmoelm\\-options\\fR(5)\n";
}

}  // namespace moelm
