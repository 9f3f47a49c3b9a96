#include "common/output.hpp"

#include <iostream>
#include <string>

#include "base/error.hpp"
#include "base/escape.hpp"

namespace moelm {

void print_line(std::string_view text) { std::cout << escape_terminal(text) << '\n'; }

void print_text(std::string_view text) { std::cout << escape_lines(text); }

void print_checked(std::string_view text) {
  print_text(text);
  if (!printed()) throw Error(Exit::io, "standard output: could not be written");
}

void print_json(const Json& value, int indent) { std::cout << json_text(value, indent) << '\n'; }

void flush_output() { std::cout.flush(); }

bool printed() { return static_cast<bool>(std::cout); }

void say_line(std::string_view text) { std::cerr << escape_terminal(text) + "\n" << std::flush; }

void say_text(std::string_view text) { std::cerr << escape_lines(text) << std::flush; }

Output::Output(const std::optional<std::string>& path, const OutputKind& kind, bool force) : wanted_(path) {
  if (path && path != "-") file_.emplace(*path, kind, force);
}

void Output::write(std::string_view text) { file_ ? file_->write(text) : print_text(text); }

void Output::finish() {
  if (file_) file_->finish();
}

std::function<void(std::string_view)> console_writer() {
  return [](std::string_view text) { std::cerr << text << std::flush; };
}

}  // namespace moelm
