// The k greatest of a row, ties to the lower index.
#pragma once

#include <cstdint>
#include <span>

#include "base/index.hpp"

namespace moelm {

/// Writes the indices of the `chosen.size()` greatest values in falling order. REQUIRES chosen.size() <= values.size().
/// A NaN is smaller than every number.
void top_k(std::span<const float> values, std::span<std::int32_t> chosen);

}  // namespace moelm
