// A comparison for people and as JSON.
#pragma once

#include <string>
#include <vector>

#include "comparison/compare_scores.hpp"
#include "io/json.hpp"

namespace moelm {

/// A sentence for each thing that the reader of the figures should know.
std::vector<std::string> comparison_notes(const Comparison& comparison);

/// Lines of "name  value", then tables of seeds, classes and sources. Names from outside are escaped. Tables are at
/// most `columns` wide (0: no limit).
std::string comparison_text(const Comparison& comparison, Index columns);

/// One object, "type": "comparison". What is not defined is null.
Json comparison_json(const Comparison& comparison);

}  // namespace moelm
