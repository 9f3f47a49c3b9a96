// Softplus, and the normal distribution, in double precision.
#pragma once

#include <cmath>
#include <numbers>

namespace moelm {

inline double softplus(double x) { return (x > 0 ? x : 0.0) + std::log1p(std::exp(-std::abs(x))); }
inline double logistic(double x) { return 1 / (1 + std::exp(-x)); }

/// Phi, the distribution function of the standard normal.
inline double normal_cdf(double u) { return 0.5 * std::erfc(-u / std::numbers::sqrt2); }

/// phi, its density.
inline double normal_pdf(double u) { return std::exp(-0.5 * u * u) / std::sqrt(2 * std::numbers::pi); }

}  // namespace moelm
