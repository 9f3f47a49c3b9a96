// The integer of every size and position in the project.
#pragma once

#include <cstdint>

namespace moelm {

/// Rows, columns, tokens, experts: signed, so that differences are safe.
using Index = std::int64_t;

}  // namespace moelm
