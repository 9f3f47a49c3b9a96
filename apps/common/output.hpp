// The only way for a program to write to standard output and standard error. Everything is escaped here, so no command
// can forget it; tests/meta checks that there is no other way.
#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "io/json.hpp"
#include "io/output_file.hpp"
#include "terminal/colored_text.hpp"

namespace moelm {

/// Prints one line, escaped by escape_terminal: line ends too. None of these functions is thread-safe. main_guard
/// checks at the end whether standard output could be written.
void print_line(std::string_view text);

/// Prints lines that the library made for a terminal. Escapes whatever could still act on it.
void print_text(std::string_view text);

/// Prints text with colors if standard output is a terminal that shows them and NO_COLOR is not set; else without. Its
/// parts are escaped.
void print_colored(const ColoredText& text);

/// Thrown if standard output did not take what was printed. main_guard tells the cause.
struct OutputRefused {};

/// The same as print_text, then require_printed(): for rows, of which there may be many.
void print_checked(std::string_view text);

/// Prints bytes that are the result itself, such as generated text or lines of the user's own file: as they are to a
/// file or pipe; on a terminal as print_text, an incomplete character at the end being held back for the next call.
void print_bytes(std::string_view bytes);

/// Prints a JSON value and a line end, indented by `indent` spaces; -1 for one line.
void print_json(const Json& value, int indent = 2);

/// Flushes standard output.
void flush_output();

/// OutputRefused unless standard output has taken everything so far.
void require_printed();

/// Prints one line on standard error at once.
void say_line(std::string_view text);

/// Prints several lines on standard error at once.
void say_text(std::string_view text);

/// What may go to standard output, and whether it shall: "--html -".
struct StandardUse {
  std::string_view option;
  bool wanted;
};

/// Error(usage) if more than one of them shall.
void require_one_standard_use(std::initializer_list<StandardUse> uses);

/// An output that an option asks for: a file, standard output ("-"), or none.
class Output {
 public:
  /// Opens the file, so that a path that cannot be written is refused before the work. `kind` and `force` are those of
  /// OutputFile.
  Output(const std::optional<std::string>& path, const OutputKind& kind, bool force);
  bool wanted() const { return wanted_; }
  void write(std::string_view text);
  /// Gives the file its name.
  void finish();

 private:
  bool wanted_;
  std::optional<OutputFile> file_;
};

/// The stream of a Console, which paints over its own line and so may use control sequences.
std::function<void(std::string_view)> console_writer();

}  // namespace moelm
