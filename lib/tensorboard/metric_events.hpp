// Turns a line of metrics.jsonl into a record of an event file.
#pragma once

#include <string>

#include "io/json.hpp"

namespace moelm {

/// The record of one line, "" where it has nothing to show (events other than a resume). Steps give train/loss,
/// train/ppl, lr, grad_norm, tokens_per_s and moe/layerN/KEY; validations give valid/loss, valid/ppl,
/// valid/moe/layerN/KEY and the histograms moe/layerN/tokens, importance and load over the experts. A resume after step
/// n starts anew at step n + 1. `seconds` is the time of the line, since 1970.
std::string metric_record(const Json& line, double seconds);

}  // namespace moelm
