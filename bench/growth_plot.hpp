// The cost of a step by the number of experts as a picture: nearly constant per token, until memory ends it.
#pragma once

#include <span>
#include <string>

#include "bench/ceilings.hpp"
#include "io/output_file.hpp"

namespace moelm {

/// How an earlier plot is recognised, so that it may be replaced.
inline constexpr OutputKind kGrowthPlotKind = {"a plot of moe-bench", "<svg xmlns=\"http://www.w3.org/2000/svg\"",
                                               "milliseconds a training step, by the number of experts"};

/// An SVG file: milliseconds per step of the growth cases by number of experts, beside the roofline at these ceilings;
/// two curves per type. Both axes are logarithmic.
std::string growth_plot(const Ceilings& ceilings, std::span<const BenchResult> results);

}  // namespace moelm
