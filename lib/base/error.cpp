#include "base/error.hpp"

#include <cerrno>
#include <system_error>

namespace moelm {

std::string excerpt(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return std::string(text);
  return std::string(text.substr(0, bytes)) + "...";
}

void throw_errno(int error_number, Exit fallback, std::string_view path, std::string_view operation) {
  Exit exit = fallback;
  if (error_number == ENOENT) exit = Exit::missing_input;
  if (error_number == EACCES || error_number == EPERM) exit = Exit::no_permission;
  throw Error(exit,
              std::string(path) + ": " + std::string(operation) + ": " + std::generic_category().message(error_number));
}

}  // namespace moelm
