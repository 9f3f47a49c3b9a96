// What tests of the MoE layer share: given noise, empty gradients, gradients of single experts.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "moe/moe_layer.hpp"

namespace moelm {

/// Noise that is given instead of drawn: row n's is row `first_row` + n of `draws`, which has to outlive the result;
/// none if empty.
inline NoiseSampler given_draws(const Matrix& draws, Index first_row = 0) {
  if (draws.empty()) return nullptr;
  return [&draws, first_row](Index row, Index first, Index count, float* out) {
    std::copy_n(draws.row(first_row + row) + first, count, out);
  };
}

/// Gates of all experts, zero where an expert was not chosen, [N, E].
inline Matrix dense_gates(const Routing& r) {
  Matrix gates(r.rows, r.experts);
  for (Index n = 0; n < r.rows; ++n)
    for (std::size_t j = 0; j < r.experts_of(n).size(); ++j) gates(n, r.experts_of(n)[j]) = r.gates_of(n)[j];
  return gates;
}

inline GateParameters zero_gate(const GateParameters& p) {
  const auto like = [](const Matrix& m) { return Matrix(m.rows(), m.cols()); };
  return {like(p.weight), like(p.noise), like(p.bias), like(p.thresholds)};
}

/// Zero gradients for the gates of a layer.
inline GatesParameters zero_gates(const GatesParameters& p) {
  GatesParameters zero{zero_gate(p.primary), {}};
  for (const GateParameters& gate : p.groups) zero.groups.push_back(zero_gate(gate));
  return zero;
}

/// dW of matrix j of expert e after a pass that was a whole step.
inline void form_expert_gradient(Context& context, const std::vector<ExpertParameters>& experts, ExpertsCache& cache,
                                 std::size_t e, std::size_t j, Matrix& dw) {
  const std::array<const ExpertFactors*, 1> parts = {&cache.factors};
  form_expert_gradient(context, experts[e], parts, static_cast<Index>(e), static_cast<Index>(j), cache, dw);
}

}  // namespace moelm
