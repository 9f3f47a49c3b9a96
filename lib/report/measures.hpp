// Measures of how evenly something is spread over the experts.
#pragma once

#include <span>

#include "base/index.hpp"

namespace moelm {

/// Coefficient of variation with the population variance (the paper's CV, equations 7 and 11, table 6); 0 if the mean
/// is.
double coefficient_of_variation(std::span<const double> values);

/// Greatest value over the mean (table 6: max/mean load); 0 if the mean is.
double max_over_mean(std::span<const double> values);

/// Jain's fairness index (sum x)^2 / (n sum x^2): 1 if all are equal, 1/n if one has everything, 0 if nobody has.
double jain_index(std::span<const double> values);

/// Entropy in nats of values >= 0 taken as shares of their sum; 0 without any.
double entropy(std::span<const double> values);

}  // namespace moelm
