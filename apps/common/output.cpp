#include "common/output.hpp"

#include <unistd.h>

#include <iostream>
#include <string>

#include "base/error.hpp"
#include "base/escape.hpp"
#include "base/utf8.hpp"
#include "terminal/console.hpp"

namespace moelm {

namespace {

/// Where an incomplete character at the end of the bytes begins, else their size.
std::size_t whole_characters(std::string_view bytes) {
  for (std::size_t back = 1; back <= 3 && back <= bytes.size(); ++back) {
    const std::size_t at = bytes.size() - back;
    if ((static_cast<unsigned char>(bytes[at]) & 0xC0) == 0x80) continue;
    return decode_utf8(bytes.substr(at)).truncated ? at : bytes.size();
  }
  return bytes.size();
}

}  // namespace

void print_line(std::string_view text) { std::cout << escape_terminal(text) << '\n'; }

void print_text(std::string_view text) { std::cout << escape_lines(text); }

void print_colored(const ColoredText& text) {
  const bool colored = console_style(STDOUT_FILENO, false).color;
  for (const ColoredPart& part : text) {
    if (colored && part.color >= 0)
      std::cout << color_begin(part.color) << escape_lines(part.text) << kColorEnd;
    else
      print_text(part.text);
  }
}

void print_checked(std::string_view text) {
  print_text(text);
  require_printed();
}

void require_printed() {
  if (!std::cout) throw OutputRefused();
}

void print_bytes(std::string_view bytes) {
  static const bool terminal = isatty(STDOUT_FILENO) == 1;
  static std::string incomplete;
  if (!terminal) {
    std::cout.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return;
  }
  incomplete += bytes;
  const std::size_t whole = whole_characters(incomplete);
  print_text(std::string_view(incomplete).substr(0, whole));
  incomplete.erase(0, whole);
}

void print_json(const Json& value, int indent) { std::cout << json_text(value, indent) << '\n'; }

void flush_output() { std::cout.flush(); }

void say_line(std::string_view text) { std::cerr << escape_terminal(text) + "\n" << std::flush; }

void say_text(std::string_view text) { std::cerr << escape_lines(text) << std::flush; }

void require_one_standard_use(std::initializer_list<StandardUse> uses) {
  std::string names;
  std::size_t wanted = 0, left = uses.size();
  for (const StandardUse& use : uses) {
    names += names.empty() ? "" : left == 1 ? " and " : ", ";
    names += use.option;
    wanted += use.wanted ? 1 : 0;
    --left;
  }
  if (wanted > 1) throw Error(Exit::usage, "standard output: expected one of " + names + ", found more");
}

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
