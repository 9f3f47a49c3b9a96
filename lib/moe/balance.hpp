// The balancing losses, squared coefficients of variation of importance and load (section 4, appendix A), and the
// measures of balance in table 6.
#pragma once

#include <span>
#include <vector>

#include "base/index.hpp"

namespace moelm {

/// CV(v)^2 = Var(v) / (Mean(v)^2 + epsilon), population variance; 0 for fewer than two values.
double cv_squared(std::span<const double> values, double epsilon = 1e-10);

/// d CV^2 / d values, times weight.
std::vector<double> cv_squared_gradient(std::span<const double> values, double weight, double epsilon = 1e-10);

/// CV(v), population variance (table 6); 0 if the mean is.
double coefficient_of_variation(std::span<const double> values);

/// Greatest value over the mean (table 6: max(Load)/mean(Load)); 0 if the mean is.
double max_over_mean(std::span<const double> values);

}  // namespace moelm
