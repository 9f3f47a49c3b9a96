#include "bench/cases.hpp"

#include <iterator>

namespace moelm {

std::vector<BenchCase> all_cases(const BenchSetting& setting) {
  std::vector<BenchCase> all;
  for (const auto make : {gemm_cases, lstm_cases, gate_cases, dispatch_cases, expert_cases, softmax_cases,
                          optimizer_cases, step_cases, growth_cases})
    for (BenchCase& one : make(setting)) all.push_back(std::move(one));
  return all;
}

}  // namespace moelm
