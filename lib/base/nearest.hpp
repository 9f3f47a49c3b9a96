// The known word that is nearest to a misspelled one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/index.hpp"

namespace moelm {

/// Number of single characters inserted, deleted, replaced or swapped with their neighbour between two words.
Index edit_distance(std::string_view a, std::string_view b);

/// The candidate with the smallest distance (the first of equals), or an empty string if there are no candidates.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

/// The same, but an empty string also when even the nearest differs in more than half of its characters.
std::string near_miss(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace moelm
