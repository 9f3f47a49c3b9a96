// Training progress as JSON: lines of metrics.jsonl, and the part of state.json that resuming reads back.
#pragma once

#include "io/json.hpp"
#include "model/exposure.hpp"
#include "training/train_observer.hpp"

namespace moelm {

/// The line of metrics.jsonl for a step: loss (mean cross-entropy alone), gradient norm, speed, and the balance of
/// every MoE layer.
Json step_json(const StepReport& report, const ModelConfig& model);

/// The line of metrics.jsonl for a validation: "split": "valid", and the tokens, importance and load of each expert.
Json validation_json(const ValidationReport& report);

/// The line of metrics.jsonl for a plan: "event": "plan".
Json plan_json(const PlanReport& plan);

/// The ratios of a training under the keys of result.json; null if there are none.
Json exposure_json(const Exposure& exposure);

Json progress_json(const TrainProgress& progress);

/// Error(bad_data) naming the field that is missing or impossible.
TrainProgress read_progress(const JsonField& state);

}  // namespace moelm
