// A trained model measured on its own tokens, with real words and real, uneven routing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/measure.hpp"
#include "data/dataset.hpp"
#include "model_files/model_store.hpp"

namespace moelm {

/// A training step and an evaluation of a run's model in the context's type, on its training and validation text
/// (without a validation split on the training text). The learning rate is 0, so weights stay the same. Takes the
/// parameters without a copy. Error(out_of_memory) where training does not fit.
std::vector<BenchResult> bench_run(Context& context, const BenchSetting& setting, LoadedModel model,
                                   const Dataset& data);

}  // namespace moelm
