// What a step costs as the number of experts grows, as a picture: the capacity that the paper promises at nearly the
// same cost a token, and where memory ends it.
#pragma once

#include <span>
#include <string>

#include "bench/ceilings.hpp"
#include "io/output_file.hpp"

namespace moelm {

/// How such a file is recognised, so that it may be replaced by a newer one.
inline constexpr OutputKind kGrowthPlotKind = {"a plot of moe-bench", "<svg xmlns=\"http://www.w3.org/2000/svg\"",
                                               "milliseconds a training step, by the number of experts"};

/// An SVG file: milliseconds a step of the results that are part of growth, over the number of experts, beside the
/// roofline at these ceilings; two curves for each type. Both axes are logarithmic.
std::string growth_plot(const Ceilings& ceilings, std::span<const BenchResult> results);

}  // namespace moelm
