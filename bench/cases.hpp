// Everything that can be measured, by part; within a part in the order of presentation.
#pragma once

#include <vector>

#include "bench/measure.hpp"

namespace moelm {

/// Products that read packed weights, packing included or not, and those of the library's routine that packs nothing.
std::vector<BenchCase> gemm_cases(const BenchSetting& setting);
/// Forward and backward of one LSTM layer.
std::vector<BenchCase> lstm_cases(const BenchSetting& setting);
/// Forward and backward of gates, flat and of two levels.
std::vector<BenchCase> gate_cases(const BenchSetting& setting);
/// Rows to their experts and back.
std::vector<BenchCase> dispatch_cases(const BenchSetting& setting);
/// Forward, backward and update of experts by the number of their rows.
std::vector<BenchCase> expert_cases(const BenchSetting& setting);
/// Forward and backward of the softmax, full and sampled.
std::vector<BenchCase> softmax_cases(const BenchSetting& setting);
/// Updates of a large matrix by each kind of optimizer.
std::vector<BenchCase> optimizer_cases(const BenchSetting& setting);
/// Whole training steps and evaluations.
std::vector<BenchCase> step_cases(const BenchSetting& setting);
/// What growth_cases are part of.
inline constexpr const char* kGrowthPart = "growth with the number of experts";
/// The same training step with more and more experts.
std::vector<BenchCase> growth_cases(const BenchSetting& setting);

/// All of them; names are unique.
std::vector<BenchCase> all_cases(const BenchSetting& setting = {});

}  // namespace moelm
