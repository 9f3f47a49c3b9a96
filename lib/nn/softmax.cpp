#include "nn/softmax.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/check.hpp"
#include "nn/logit_rows.hpp"
#include "ops/kernels.hpp"

namespace moelm {

namespace {

constexpr auto kNothingMore = [](Index, Index) {};

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

/// Computes the logits of all rows of x, a block of the vocabulary at a time. Calls finish(row, first, last, logits)
/// with the logits of tokens first ... last - 1, their bias not yet added.
template <class Finish>
void for_each_block_of_logits(Context& context, const SoftmaxWeights& p, ConstMatrixView x, SoftmaxCache& cache,
                              const Finish& finish) {
  const Index vocabulary = p.weight.rows, block = softmax_block(vocabulary);
  const bool kept = cache.packing == WeightPacking::once;
  if (kept) cache.blocks.resize(static_cast<std::size_t>((vocabulary + block - 1) / block));
  for (Index first = 0; first < vocabulary; first += block) {
    const Index last = std::min(vocabulary, first + block);
    PackedMatrix& packed = kept ? cache.blocks[static_cast<std::size_t>(first / block)] : cache.w_transposed;
    if (!kept || packed.empty())
      packed.pack(context, p.weight.row_range(first, last), Transpose::yes, context.products());
    const auto finish_row = [&](Index i, float* logits) { finish(i, first, last, logits); };
    for_each_row_of_logits(context, x, packed, finish_row, kNothingMore);
  }
}

}  // namespace

LayerTensors softmax_tensors(const SoftmaxConfig& config, bool tied, Index inputs, Index vocabulary) {
  const GradientForm gradient = config.samples > 0 ? GradientForm::rows : GradientForm::whole;
  return {{.tensors = {{.name = "weight",
                        .rows = tied ? 0 : vocabulary,
                        .columns = inputs,
                        .initial = InitialValue::normal,
                        .scale = 0.01,
                        .group = ParameterGroup::tables,
                        .gradient = gradient},
                       {.name = "bias",
                        .rows = 1,
                        .columns = vocabulary,
                        .group = ParameterGroup::tables,
                        .gradient = gradient,
                        .vector = true}}}};
}

Index softmax_block(Index vocabulary) { return std::min<Index>(vocabulary, 16384); }

Index softmax_chunk_rows(Index tokens) { return std::clamp<Index>((Index{1} << 24) / tokens / 64 * 64, 64, 1024); }

void softmax_forward(Context& context, const SoftmaxWeights& p, ConstMatrixView x,
                     std::span<const std::int32_t> targets, SoftmaxCache& cache, std::span<double> nll) {
  std::vector<LogSumExp> sums(static_cast<std::size_t>(x.rows));
  for_each_block_of_logits(context, p, x, cache, [&](Index i, Index first, Index last, float* row) {
    const float max = kernels().add_max(last - first, p.bias.data + first, row);
    const auto n = static_cast<std::size_t>(i);
    const std::int32_t target = targets[n];
    if (target >= first && target < last) nll[n] = -static_cast<double>(row[target - first]);
    sums[n].add(max, kernels().exp_sum(last - first, max, row, row));
  });
  for (std::size_t n = 0; n < sums.size(); ++n) nll[n] += sums[n].value();
}

void softmax_forward_backward(Context& context, const SoftmaxWeights& p, ConstMatrixView x,
                              std::span<const std::int32_t> targets, double scale, SoftmaxCache& cache,
                              std::span<double> nll, const SoftmaxGradients& gradients, MatrixView dx) {
  const Index vocabulary = p.weight.rows, chunk = softmax_chunk_rows(vocabulary);
  if (cache.packing == WeightPacking::every_pass || cache.w.empty()) {
    cache.w_transposed.pack(context, p.weight, Transpose::yes, context.products());
    cache.w.pack(context, p.weight, Transpose::no, context.products());
  }
  for (Index first = 0; first < x.rows; first += chunk) {
    const ConstMatrixView rows = x.row_range(first, std::min(x.rows, first + chunk));
    cache.dlogits.reshape(rows.rows, vocabulary, context.products());
    const auto finish = [&](Index i, float* logits) {
      const float max = kernels().add_max(vocabulary, p.bias.data, logits);
      const auto n = static_cast<std::size_t>(first + i);
      const std::int32_t target = targets[n];
      const float target_logit = logits[target];
      const double sum = kernels().exp_sum(vocabulary, max, logits, logits);
      nll[n] = std::log(sum) + static_cast<double>(max) - static_cast<double>(target_logit);
      // d nll / d logit = p - [this is the target]
      kernels().scale(vocabulary, static_cast<float>(scale / sum), logits, logits);
      logits[target] -= static_cast<float>(scale);
      cache.dlogits.store_row(i, logits);
    };
    // While the rows' gradients are near, they go through the weights.
    const auto done = [&](Index begin, Index end) {
      multiply(context, cache.dlogits.view().row_range(begin, end), cache.w, 0.0f,
               dx.row_range(first + begin, first + end));
    };
    for_each_row_of_logits(context, rows, cache.w_transposed, finish, done);
    multiply_transposed(context, cache.dlogits.view(), rows, 1.0f, gradients.weight, gradients.bias);
  }
}

void softmax_log_probabilities(Context& context, const SoftmaxWeights& p, ConstMatrixView x, SoftmaxCache& cache,
                               MatrixView log_probabilities) {
  const Index vocabulary = p.weight.rows;
  ensure(log_probabilities.cols == vocabulary && log_probabilities.rows == x.rows, "one value a row and token");
  std::vector<LogSumExp> sums(static_cast<std::size_t>(x.rows));
  for_each_block_of_logits(context, p, x, cache, [&](Index i, Index first, Index last, float* row) {
    const float max = kernels().add_max(last - first, p.bias.data + first, row);
    std::copy_n(row, last - first, log_probabilities.row(i) + first);
    sums[static_cast<std::size_t>(i)].add(max, kernels().exp_sum(last - first, max, row, row));
  });
  context.parallel_ranges(x.rows, 1, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const double log_sum = sums[static_cast<std::size_t>(i)].value();
      for (float& value : log_probabilities.row_span(i))
        value = static_cast<float>(static_cast<double>(value) - log_sum);
    }
  });
}

}  // namespace moelm
