// Training progress as JSON: lines of metrics.jsonl, and the part of state.json that resumption reads back.
#pragma once

#include "io/json.hpp"
#include "training/trainer.hpp"

namespace moelm {

/// A line of metrics.jsonl for a step: loss (mean cross-entropy alone), gradients, speed, and every MoE layer's
/// balance.
Json step_json(const StepReport& report, const ModelConfig& model);

/// A line of metrics.jsonl for a validation: "split": "valid", and what each expert got.
Json validation_json(const ValidationReport& report);

Json progress_json(const TrainProgress& progress);

/// Error(bad_data) naming the field that is missing or impossible.
TrainProgress read_progress(const JsonField& state);

}  // namespace moelm
