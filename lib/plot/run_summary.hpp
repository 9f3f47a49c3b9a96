// Several runs in numbers: how far each came, and what became of its experts.
#pragma once

#include <string>
#include <vector>

#include "io/json.hpp"
#include "plot/run_curves.hpp"

namespace moelm {

/// A row for each run, then a line for each of their MoE layers. Lines fit into `columns` as far as the numbers allow.
std::string runs_text(const std::vector<RunCurves>& runs, Index columns);

/// {"runs": [{"name", "steps", "tokens", "loss", "best_ppl", "best_at", "valid": [{"at", "ppl"}], "layers": [{"layer",
/// "experts", "validations", "never_used", "died": [{"expert", "step"}], "revived", "moved_last"}]}]}. "at" counts what
/// the axis of the curves counts.
Json runs_json(const std::vector<RunCurves>& runs);

}  // namespace moelm
