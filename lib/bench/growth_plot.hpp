// What a step costs as the number of experts grows, as a picture: the capacity that the paper promises at nearly the
// same cost a token, and where memory ends it.
#pragma once

#include <span>
#include <string>

#include "bench/ceilings.hpp"

namespace moelm {

/// An SVG file: milliseconds a step of the results that are part of growth, over the number of experts, beside the
/// roofline at these ceilings; two curves for each type. Both axes are logarithmic.
std::string growth_plot(const Ceilings& ceilings, std::span<const BenchResult> results);

}  // namespace moelm
