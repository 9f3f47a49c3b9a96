// All cases by part, in the order of presentation.
#pragma once

#include <vector>

#include "bench/measure.hpp"

namespace moelm {

/// Products that read packed weights, with and without packing, and the library's routine that packs nothing.
std::vector<BenchCase> gemm_cases(const BenchSetting& setting);
/// Forward and backward of one LSTM layer.
std::vector<BenchCase> lstm_cases(const BenchSetting& setting);
/// Forward and backward of gates, flat and of two levels.
std::vector<BenchCase> gate_cases(const BenchSetting& setting);
/// Dispatch of rows to experts, and combine.
std::vector<BenchCase> dispatch_cases(const BenchSetting& setting);
/// Forward, backward and update of experts by number of rows.
std::vector<BenchCase> expert_cases(const BenchSetting& setting);
/// Forward and backward of the softmax, full and sampled.
std::vector<BenchCase> softmax_cases(const BenchSetting& setting);
/// Updates of a large matrix by each kind of optimizer.
std::vector<BenchCase> optimizer_cases(const BenchSetting& setting);
/// Whole training steps and evaluations.
std::vector<BenchCase> step_cases(const BenchSetting& setting);
/// The part of growth_cases.
inline constexpr const char* kGrowthPart = "growth with the number of experts";
/// The same training step with a growing number of experts.
std::vector<BenchCase> growth_cases(const BenchSetting& setting);

/// All cases; names are unique.
std::vector<BenchCase> all_cases(const BenchSetting& setting = {});

}  // namespace moelm
