// A trained model measured on its own tokens: real words, real routing, experts used as unevenly as they are.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/measure.hpp"
#include "data/dataset.hpp"
#include "model_files/model_store.hpp"

namespace moelm {

/// A training step and an evaluation of a run's model on its training and validation text (its training text where
/// there is no other), in the context's type. Weights stay what they are: the learning rate is 0. The model's
/// parameters are taken, not copied. Error(out_of_memory) where training it does not fit.
std::vector<BenchResult> bench_run(Context& context, const BenchSetting& setting, LoadedModel model,
                                   const Dataset& data);

}  // namespace moelm
