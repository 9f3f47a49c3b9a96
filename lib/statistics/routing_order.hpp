// The experts of a row in the order in which people are shown them.
#pragma once

#include <utility>
#include <vector>

#include "moe/routing.hpp"

namespace moelm {

/// Experts of a row with their gates, by falling gate, of equal gates the lower expert first, in whatever order the
/// gate left them.
std::vector<std::pair<std::int32_t, float>> by_falling_gate(const Routing& routing, Index row);

}  // namespace moelm
