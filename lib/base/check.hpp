// The two kinds of check: `require` for what comes from outside, `ensure` for our own mistakes.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace moelm {

/// Throws Error(exit, message) unless the condition holds. Build costly messages with an `if` instead.
inline void require(bool condition, Exit exit, std::string_view message) {
  if (!condition) throw Error(exit, std::string(message));
}

/// Throws std::logic_error, a bug of ours, unless the condition holds.
inline void ensure(bool condition, const char* what, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (!condition) throw std::logic_error(std::string(file) + ":" + std::to_string(line) + ": " + what);
}

}  // namespace moelm
