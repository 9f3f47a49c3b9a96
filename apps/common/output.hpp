// The only way of a program to its standard output and standard error: whatever goes it is harmless on a terminal, so
// that no command can forget to escape. A test of the house looks for other ways.
#pragma once

#include <functional>
#include <string_view>

#include "io/json.hpp"

namespace moelm {

/// One line of any text on standard output, a path or a word of a stranger in it: escaped as by escape_terminal, a line
/// end too. None of these is thread-safe. Whether standard output could be written is asked at the end, by main_guard.
void print_line(std::string_view text);

/// A report of several lines that the library made, ready for a terminal. What acts all the same is escaped.
void print_text(std::string_view text);

/// A JSON value and a line end on standard output, indented by `indent` spaces; -1 for one line.
void print_json(const Json& value, int indent = 2);

/// Sends what was printed so far on its way.
void flush_output();

/// Whether standard output has taken everything so far.
bool printed();

/// One line of any text on standard error, at once.
void say_line(std::string_view text);

/// A report of several lines on standard error, at once.
void say_text(std::string_view text);

/// What a Console writes through: it paints over its own line, so only it may use control sequences.
std::function<void(std::string_view)> console_writer();

}  // namespace moelm
