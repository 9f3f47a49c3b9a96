// Numbers of different things among many draws, as they are expected.
#pragma once

#include "base/index.hpp"

namespace moelm {

/// Different tokens among so many rows, if tokens are as frequent as Zipf's law says (nn/log_uniform.hpp).
double expected_tokens(double rows, Index vocabulary);

/// Experts that get a row at all, where each row chooses k of E with equal probability.
double expected_experts(double rows, double k, double experts);

}  // namespace moelm
