// The experts of a row in the order of reports.
#pragma once

#include <utility>
#include <vector>

#include "moe/routing.hpp"

namespace moelm {

/// Experts of a row with their gates, by falling gate, then by number.
std::vector<std::pair<std::int32_t, float>> by_falling_gate(const Routing& routing, Index row);

}  // namespace moelm
