// Measured numbers for people, alike in tables, pages and progress lines. Counts and times are in base/quantity.
#pragma once

#include <string>

namespace moelm {

/// Fixed decimals; "inf", "-inf" and "nan" for what is not finite.
std::string format_fixed(double value, int decimals);

/// About `digits` significant digits, without exponent between 1e-4 and 1e7.
std::string format_measure(double value, int digits = 4);

/// A share of one: 0.1234 -> "12.3 %".
std::string format_percent(double share, int decimals = 1);

}  // namespace moelm
