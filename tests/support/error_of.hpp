// The Error that an action throws, to be looked at: its message or its exit code.
#pragma once

#include <optional>
#include <string>

#include "base/error.hpp"

namespace moelm {

/// The message of the Error thrown, "" if none was.
template <class Action>
std::string error_text(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

/// The exit code of the Error thrown, Exit::ok if none was.
template <class Action>
Exit error_exit(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.exit();
  }
  return Exit::ok;
}

/// Whether `text` holds `part`.
inline bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace moelm
