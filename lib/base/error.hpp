// Errors that a user can act on, each with the exit code of the program that meets it.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace moelm {

/// Exit codes of all commands (the numbers of sysexits.h where they fit).
enum class Exit : int {
  ok = 0,
  usage = 2,
  bad_data = 65,
  missing_input = 66,
  internal = 70,
  out_of_memory = 71,
  cannot_create = 73,
  io = 74,
  stopped = 75,
  diverged = 76,
  no_permission = 77,
  bad_config = 78,
};

/// The one exception for bad input and failing surroundings. `what()` is one line of the form
/// "FILE: field or offset: expected X, found Y; hint", without the leading "error: ".
class Error : public std::runtime_error {
 public:
  Error(Exit exit, const std::string& message) : std::runtime_error(message), exit_(exit) {}
  Exit exit() const { return exit_; }

 private:
  Exit exit_;
};

/// Untrusted text as a message quotes it: at most `bytes` of it, "..." where something was cut.
std::string excerpt(std::string_view text, std::size_t bytes = 60);

/// Throws Error for the errno of a failed file operation: ENOENT is missing_input, EACCES and EPERM no_permission,
/// all others `fallback`.
[[noreturn]] void throw_errno(int error_number, Exit fallback, std::string_view path, std::string_view operation);

}  // namespace moelm
