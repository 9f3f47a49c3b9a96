// How evenly something is spread over the experts, beside the measures of the paper (moe/balance.hpp).
#pragma once

#include <span>

#include "base/index.hpp"

namespace moelm {

/// Jain's fairness index (sum x)^2 / (n sum x^2): 1 if all are equal, 1/n if one has everything, 0 if none has any.
double jain_index(std::span<const double> values);

/// Entropy in nats of values >= 0 taken as shares of their sum; 0 for an empty list.
double entropy(std::span<const double> values);

}  // namespace moelm
