#include "training/step_check.hpp"

#include <algorithm>
#include <limits>
#include <mutex>
#include <numeric>

#include "base/finite.hpp"
#include "io/tensor_type.hpp"
#include "ops/kernels.hpp"

#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "training has to notice NaN: build without -ffast-math, -Ofast and -ffinite-math-only"
#endif

namespace moelm {

std::string first_bad_loss(const Losses& losses) {
  if (!is_finite(losses.cross_entropy)) return "cross-entropy";
  for (std::size_t l = 0; l < losses.balance.size(); ++l) {
    const BalanceLosses& balance = losses.balance[l];
    for (const auto& [name, value] : {std::pair("importance", balance.importance),
                                      {"load", balance.load},
                                      {"Switch", balance.switch_balance},
                                      {"z", balance.z},
                                      {"threshold", balance.threshold}})
      if (!is_finite(value)) return std::string(name) + " loss of model.layers." + std::to_string(l);
  }
  return {};
}

std::string first_bad_number(Context& context, ModelState& state) {
  const auto finite = [](const Matrix& m) { return first_non_finite(TensorType::f32, m.data(), m.size()) < 0; };
  // Nearly always: no names are made then.
  if (std::all_of(state.layers.begin(), state.layers.end(),
                  [&](const LstmState& layer) { return finite(layer.h) && finite(layer.c); }))
    return {};
  return first_bad_number(context, state_tensors(state));
}

double sum_of_squares(Context& context, const Matrix& gradient) {
  constexpr Index kPiece = Index{1} << 16;
  std::vector<double> sums(static_cast<std::size_t>((gradient.size() + kPiece - 1) / kPiece));
  context.parallel_for(static_cast<Index>(sums.size()), [&](Index i) {
    const Index begin = i * kPiece;
    sums[static_cast<std::size_t>(i)] =
        kernels().sum_of_squares(std::min(kPiece, gradient.size() - begin), gradient.data() + begin);
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

bool sum_stays_finite(double squares, Index terms) {
  const double most = static_cast<double>(std::numeric_limits<float>::max()) / (2 * static_cast<double>(terms));
  return squares <= most * most;
}

std::string first_bad_number(Context& context, const std::vector<NamedTensor>& tensors) {
  constexpr Index kPiece = Index{1} << 16;
  struct Piece {
    std::size_t tensor;
    Index begin;
  };
  std::vector<Piece> pieces;
  for (std::size_t t = 0; t < tensors.size(); ++t)
    for (Index begin = 0; begin < tensors[t].size(); begin += kPiece) pieces.push_back({t, begin});
  std::mutex mutex;
  auto first = static_cast<Index>(pieces.size());
  Index element = 0;
  context.parallel_for(static_cast<Index>(pieces.size()), [&](Index i) {
    const auto& [t, begin] = pieces[static_cast<std::size_t>(i)];
    const NamedTensor& tensor = tensors[t];
    const Index count = std::min(kPiece, tensor.size() - begin);
    const Index bad = tensor.bf16_values != nullptr
                          ? first_non_finite(TensorType::bf16, tensor.bf16_values->data() + begin, count)
                          : first_non_finite(TensorType::f32, tensor.values->data() + begin, count);
    if (bad < 0) return;
    const std::lock_guard<std::mutex> lock(mutex);
    if (i >= first) return;
    first = i;
    element = begin + bad;
  });
  if (first == static_cast<Index>(pieces.size())) return {};
  return tensors[pieces[static_cast<std::size_t>(first)].tensor].name + ", element " + std::to_string(element);
}

}  // namespace moelm
