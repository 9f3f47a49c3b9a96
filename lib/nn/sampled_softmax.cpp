#include "nn/sampled_softmax.hpp"

#include <algorithm>
#include <cmath>

#include "nn/embedding.hpp"
#include "nn/logit_rows.hpp"
#include "ops/kernels.hpp"
#include "ops/rows.hpp"

namespace moelm {

namespace {

constexpr Index kChunkRows = 1024;
constexpr float kNever = -1e30f;  // logit of an accidental hit: its exponential is taken out again

/// One call over a batch.
class SampledPass {
 public:
  SampledPass(Context& context, const SoftmaxWeights& p, const SampledIds& sample, ConstMatrixView x,
              std::span<const std::int32_t> targets, double scale, SampledSoftmaxCache& cache)
      : context_(context), p_(p), sample_(sample), x_(x), targets_(targets), scale_(scale), cache_(cache) {
    const Index samples = static_cast<Index>(sample.ids.size()), width = x.cols;
    if (cache.packing == WeightPacking::every_pass || cache.w.empty()) pack_sample();
    cache.dweight.reshape(samples, width);
    cache.dweight.zero();
    cache.dbias.reshape(1, samples);
    cache.dbias.zero();
    cache.dtarget.reshape(x.rows, width);
    dtarget_logit_.resize(static_cast<std::size_t>(x.rows));
  }

  void chunk(Index begin, Index end, std::span<double> loss, MatrixView dx) {
    const ConstMatrixView rows = x_.row_range(begin, end);
    cache_.dlogits.reshape(rows.rows, cache_.w.inner(), context_.products());
    for_each_row_of_logits(
        context_, rows, cache_.w_transposed,
        [&](Index i, float* logits) {
          loss[static_cast<std::size_t>(begin + i)] = row(begin + i, logits);
          cache_.dlogits.store_row(i, logits);
        },
        [&](Index from, Index to) {
          multiply(context_, cache_.dlogits.view().row_range(from, to), cache_.w, 0.0f,
                   dx.row_range(begin + from, begin + to));
        });
    multiply_transposed(context_, cache_.dlogits.view(), rows, 1.0f, cache_.dweight, cache_.dbias.values());
    context_.parallel_ranges(end - begin, kRowsPerTask, [&](Index from, Index to) {
      for (Index n = begin + from; n < begin + to; ++n) {
        const float d = dtarget_logit_[static_cast<std::size_t>(n)];
        kernels().axpy(x_.cols, d, p_.weight.row(targets_[static_cast<std::size_t>(n)]), dx.row(n));
        kernels().scale(x_.cols, d, x_.row(n), cache_.dtarget.row(n));
      }
    });
  }

  /// Sums over sampled rows and over targets, side by side in one gradient.
  void gather(SampledSoftmaxGradient& gradient) {
    RowGradient& of_targets = cache_.of_targets;
    embedding_backward(context_, targets_, cache_.dtarget, of_targets);
    auto& index = gradient.weight.index;
    index.clear();
    std::set_union(sample_.ids.begin(), sample_.ids.end(), of_targets.index.begin(), of_targets.index.end(),
                   std::back_inserter(index));
    gradient.bias.index = index;
    gradient.weight.rows.reshape(static_cast<Index>(index.size()), x_.cols);
    gradient.weight.rows.zero();
    gradient.bias.rows.reshape(static_cast<Index>(index.size()), 1);
    gradient.bias.rows.zero();
    const auto place = [&](std::int32_t id) {
      return static_cast<Index>(std::lower_bound(index.begin(), index.end(), id) - index.begin());
    };
    for (std::size_t j = 0; j < sample_.ids.size(); ++j) {
      const Index r = place(sample_.ids[j]), from = static_cast<Index>(j);
      std::copy_n(cache_.dweight.row(from), x_.cols, gradient.weight.rows.row(r));
      gradient.bias.rows(r, 0) = cache_.dbias(0, from);
    }
    for (std::size_t j = 0; j < of_targets.index.size(); ++j)
      kernels().axpy(x_.cols, 1.0f, of_targets.rows.row(static_cast<Index>(j)),
                     gradient.weight.rows.row(place(of_targets.index[j])));
    for (std::size_t n = 0; n < targets_.size(); ++n) gradient.bias.rows(place(targets_[n]), 0) += dtarget_logit_[n];
  }

 private:
  void pack_sample() {
    const Index samples = static_cast<Index>(sample_.ids.size());
    cache_.weight.reshape(samples, x_.cols);
    gather_rows(context_, p_.weight, sample_.ids, cache_.weight);
    cache_.bias.reshape(1, samples);
    for (std::size_t j = 0; j < sample_.ids.size(); ++j)
      cache_.bias(0, static_cast<Index>(j)) =
          p_.bias(0, sample_.ids[j]) - static_cast<float>(sample_.log_expected_count(sample_.ids[j]));
    cache_.w.pack(context_, cache_.weight, Transpose::no, context_.products());
    cache_.w_transposed.pack(context_, cache_.weight, Transpose::yes, context_.products());
  }

  /// Loss of one row; its logits become their gradients.
  double row(Index n, float* logits) {
    const std::int32_t target = targets_[static_cast<std::size_t>(n)];
    const Index samples = cache_.w.inner();
    const float target_logit = kernels().dot(x_.cols, x_.row(n), p_.weight.row(target)) + p_.bias(0, target) -
                               static_cast<float>(sample_.log_expected_count(target));
    const auto found = std::lower_bound(sample_.ids.begin(), sample_.ids.end(), target);
    const bool hit = found != sample_.ids.end() && *found == target;
    const Index at = static_cast<Index>(found - sample_.ids.begin());
    if (hit) logits[at] = kNever;
    const float max = std::max(target_logit, kernels().add_max(samples, cache_.bias.data(), logits));
    double sum = kernels().exp_sum(samples, max, logits, logits);
    if (hit) {
      sum -= static_cast<double>(logits[at]);
      logits[at] = 0;
    }
    const double of_target = std::exp(static_cast<double>(target_logit) - static_cast<double>(max));
    sum += of_target;
    kernels().scale(samples, static_cast<float>(scale_ / sum), logits, logits);
    dtarget_logit_[static_cast<std::size_t>(n)] = static_cast<float>(scale_ * (of_target / sum - 1));
    return std::log(sum) + static_cast<double>(max) - static_cast<double>(target_logit);
  }

  Context& context_;
  SoftmaxWeights p_;
  const SampledIds& sample_;
  ConstMatrixView x_;
  std::span<const std::int32_t> targets_;
  double scale_;
  SampledSoftmaxCache& cache_;
  std::vector<float> dtarget_logit_;
};

}  // namespace

void sampled_softmax_forward_backward(Context& context, const SoftmaxWeights& weights, const SampledIds& sample,
                                      ConstMatrixView x, std::span<const std::int32_t> targets, double scale,
                                      SampledSoftmaxCache& cache, std::span<double> loss,
                                      SampledSoftmaxGradient& gradient, MatrixView dx) {
  SampledPass pass(context, weights, sample, x, targets, scale, cache);
  for (Index begin = 0; begin < x.rows; begin += kChunkRows)
    pass.chunk(begin, std::min(x.rows, begin + kChunkRows), loss, dx);
  pass.gather(gradient);
}

}  // namespace moelm
