#include "nn/softmax.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/check.hpp"
#include "ops/kernels.hpp"
#include "ops/rows.hpp"

namespace moelm {

namespace {

/// Logits of a chunk of rows over the tokens that are packed; calls finish(row, logits, their greatest).
template <class Finish>
void for_each_row_of_chunk(Context& context, const float* bias, ConstMatrixView x, const SoftmaxCache& cache,
                           MatrixView logits, Finish&& finish) {
  context.parallel_ranges(x.rows, x.rows >= 256 ? 64 : 16, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) std::copy_n(bias, logits.cols, logits.row(i));
    multiply(context, x.row_range(begin, end), cache.w_transposed, 1.0f, logits.row_range(begin, end));
    for (Index i = begin; i < end; ++i) finish(i, logits.row(i), kernels().max(logits.cols, logits.row(i)));
  });
}

/// ln sum exp over blocks of logits, each given by its greatest and its sum of exp(logit - greatest).
class LogSumExp {
 public:
  void add(float greatest, double sum) {
    const auto other = static_cast<double>(greatest);
    if (sum_ == 0 || other > greatest_) {
      sum_ = sum_ == 0 ? sum : sum_ * std::exp(greatest_ - other) + sum;
      greatest_ = other;
    } else {
      sum_ += sum * std::exp(other - greatest_);
    }
  }
  double value() const { return std::log(sum_) + greatest_; }

 private:
  double greatest_ = 0, sum_ = 0;
};

}  // namespace

Index softmax_block(Index vocabulary) { return std::min<Index>(vocabulary, 16384); }

Index softmax_chunk_rows(Index tokens) { return std::clamp<Index>((Index{1} << 24) / tokens / 64 * 64, 64, 1024); }

void softmax_forward(Context& context, const SoftmaxParameters& p, ConstMatrixView x,
                     std::span<const std::int32_t> targets, SoftmaxCache& cache, std::span<double> nll) {
  const Index vocabulary = p.weight.rows(), block = softmax_block(vocabulary), chunk = softmax_chunk_rows(block);
  cache.logits.reshape(std::min(chunk, x.rows), block);
  std::vector<LogSumExp> sums(static_cast<std::size_t>(x.rows));
  for (Index first = 0; first < vocabulary; first += block) {
    const Index last = std::min(vocabulary, first + block);
    cache.w_transposed.pack(context, p.weight.view().row_range(first, last), Transpose::yes, context.products());
    for (Index begin = 0; begin < x.rows; begin += chunk) {
      const Index end = std::min(x.rows, begin + chunk);
      const MatrixView logits{cache.logits.data(), end - begin, last - first, last - first};
      for_each_row_of_chunk(context, p.bias.data() + first, x.row_range(begin, end), cache, logits,
                            [&](Index i, float* row, float max) {
                              const auto n = static_cast<std::size_t>(begin + i);
                              const std::int32_t target = targets[n];
                              if (target >= first && target < last) nll[n] = -static_cast<double>(row[target - first]);
                              sums[n].add(max, kernels().exp_sum(last - first, max, row, row));
                            });
    }
  }
  for (std::size_t n = 0; n < sums.size(); ++n) nll[n] += sums[n].value();
}

void softmax_forward_backward(Context& context, const SoftmaxParameters& p, ConstMatrixView x,
                              std::span<const std::int32_t> targets, double scale, SoftmaxCache& cache,
                              std::span<double> nll, SoftmaxParameters& gradients, MatrixView dx) {
  const Index vocabulary = p.weight.rows(), chunk = softmax_chunk_rows(vocabulary);
  cache.logits.reshape(std::min(chunk, x.rows), vocabulary);
  cache.w_transposed.pack(context, p.weight, Transpose::yes, context.products());
  cache.w.pack(context, p.weight, Transpose::no, context.products());
  for (Index begin = 0; begin < x.rows; begin += chunk) {
    const Index end = std::min(x.rows, begin + chunk);
    const ConstMatrixView rows = x.row_range(begin, end);
    const MatrixView dlogits = cache.logits.view().row_range(0, end - begin);
    for_each_row_of_chunk(context, p.bias.data(), rows, cache, dlogits, [&](Index i, float* logits, float max) {
      const auto row = static_cast<std::size_t>(begin + i);
      const std::int32_t target = targets[row];
      const float target_logit = logits[target];
      const double sum = kernels().exp_sum(vocabulary, max, logits, logits);
      nll[row] = std::log(sum) + static_cast<double>(max) - static_cast<double>(target_logit);
      // d nll / d logit = p - [this is the target]
      kernels().scale(vocabulary, static_cast<float>(scale / sum), logits, logits);
      logits[target] -= static_cast<float>(scale);
    });
    multiply(context, dlogits, cache.w, 0.0f, dx.row_range(begin, end));
    multiply_transposed(context, dlogits, rows, 1.0f, gradients.weight, context.products());
    add_column_sums(context, dlogits, gradients.bias.values());
  }
}

void softmax_log_probabilities(Context& context, const SoftmaxParameters& p, ConstMatrixView x, SoftmaxCache& cache,
                               MatrixView log_probabilities) {
  const Index vocabulary = p.weight.rows();
  ensure(log_probabilities.cols == vocabulary && log_probabilities.rows == x.rows, "one value a row and token");
  cache.logits.reshape(x.rows, vocabulary);
  cache.w_transposed.pack(context, p.weight, Transpose::yes, context.products());
  for_each_row_of_chunk(context, p.bias.data(), x, cache, cache.logits, [&](Index i, float* logits, float max) {
    float* out = log_probabilities.row(i);
    const double log_sum = std::log(kernels().exp_sum(vocabulary, max, logits, out)) + static_cast<double>(max);
    for (Index j = 0; j < vocabulary; ++j) out[j] = static_cast<float>(static_cast<double>(logits[j]) - log_sum);
  });
}

}  // namespace moelm
