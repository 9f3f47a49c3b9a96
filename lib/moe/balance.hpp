// The balancing losses: squared coefficients of variation of importance and load (section 4, appendix A).
#pragma once

#include <span>
#include <vector>

#include "base/index.hpp"

namespace moelm {

/// CV(v)^2 = Var(v) / (Mean(v)^2 + epsilon), population variance; 0 for fewer than two values.
double cv_squared(std::span<const double> values, double epsilon = 1e-10);

/// d CV^2 / d values, times weight.
std::vector<double> cv_squared_gradient(std::span<const double> values, double weight, double epsilon = 1e-10);

}  // namespace moelm
