#include "common/help_text.hpp"

#include "terminal/terminal.hpp"

namespace moelm {

namespace {

constexpr Index kNarrowWidth = 60;

/// Writes the parts at one width.
class HelpText {
 public:
  explicit HelpText(Index width) : width_(width) {}

  /// The first line starts at `column`, the others at `indent`.
  std::string wrapped(const std::string& text, Index indent, Index column, const char* line_suffix = "") const {
    return wrap_words(text, width_, indent, column, line_suffix) + "\n";
  }

  std::string option(const DeclaredOption& o) const {
    std::string line = "  ";
    for (const std::string& name : o.names) line += (line.size() > 2 ? "," : "") + name;
    if (!o.unit.empty()) line += (o.is_argument() ? "" : " ") + o.unit;
    const Index indent = width_ < kNarrowWidth ? 6 : 26;
    const auto column = static_cast<std::size_t>(indent);
    if (line.size() + 2 > column)
      line += "\n" + std::string(column, ' ');
    else
      line.resize(column, ' ');
    return line + wrapped(o.help, indent, indent);
  }

 private:
  Index width_;
};

}  // namespace

std::string help_text(const CommandDescription& command, Index width) {
  const HelpText help(width);
  std::string text = help.wrapped("usage: " + command.name + " " + command.usage, 8, 0, " \\") + "\n" +
                     help.wrapped(command.summary, 0, 0) + "\noptions:\n";
  for (const DeclaredOption& option : command.options)
    if (option.in_help) text += help.option(option);
  if (!command.examples.empty()) text += "\nexamples:\n";
  for (const CommandExample& example : command.examples)
    text += "  " + help.wrapped(example.command, 6, 2, " \\") + "      " + help.wrapped(example.meaning, 6, 6);
  text += "\nexit codes:\n";
  for (const auto& [code, meaning] : command.exits)
    text += "  " + std::to_string(code) + std::string(code < 10 ? 3 : 2, ' ') + help.wrapped(meaning, 6, 6);
  return text;
}

}  // namespace moelm
