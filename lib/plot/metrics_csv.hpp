// The lines of metrics.jsonl of several runs as one table of comma-separated values.
#pragma once

#include <functional>
#include <string_view>

#include "io/output_file.hpp"
#include "plot/run_curves.hpp"

namespace moelm {

/// Writes a head and a row for each step and each validation: run, step, split ("train" or "valid"), tokens, time, then
/// every number of a line in the order of appearance, those of layer N as layerN_KEY. A cell is empty if a line has
/// no such number; numbers are the shortest that read back as the same double, also nan, inf and -inf. Events and lists
/// are left out. Reads each log twice and keeps nothing of it.
void write_metrics_csv(const std::vector<RunCurves>& runs, const std::function<void(std::string_view)>& write);

/// How an earlier table is recognised.
inline constexpr OutputKind kCsvKind = {"a table of moe-plot", "run,step,split,tokens,time", "run,step,split"};

}  // namespace moelm
