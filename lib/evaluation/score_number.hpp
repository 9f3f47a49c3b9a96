// Scores as rows of text print them.
#pragma once

#include <string>

namespace moelm {

/// Nine significant digits, "-12.3456789" or "-1e-08". Thread-safe.
std::string score_number(double value);

/// log10 p of a score in nats, with 0 instead of -0 for a certain token. Thread-safe.
double log10_of_nll(double nll);

}  // namespace moelm
