// The softmax in training, forward and backward together: over the whole vocabulary, and over a sample of it.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "bench/cases.hpp"
#include "bench/plain.hpp"
#include "nn/sampled_softmax.hpp"

namespace moelm {

namespace {

const char* const kPart = "softmax";

struct Shape {
  Index rows, width, vocabulary, samples;  ///< samples 0: the full softmax

  double ops() const { return static_cast<double>(rows * width * (samples > 0 ? samples : vocabulary)); }
};

/// A softmax, its input, and targets as often as words are.
class SoftmaxBench {
 public:
  SoftmaxBench(Context& context, const Shape& shape)
      : context_(context),
        shape_(shape),
        x_(random_numbers(context, shape.rows, shape.width, 2)),
        dx_(shape.rows, shape.width),
        nll_(shape.rows),
        stream_(1, "bench-sample", 0) {
    p_.weight = random_numbers(context, shape.vocabulary, shape.width, 1, 0.1f);
    p_.bias = random_numbers(context, 1, shape.vocabulary, 3, 0.1f);
    for (Index n = 0; n < shape.rows; ++n)
      targets_.push_back(draw_log_uniform(RandomStream(1, "bench-targets", 0), 0, n, shape.vocabulary));
    if (shape.samples > 0) return;
    gradients_.weight = Matrix(shape.vocabulary, shape.width);
    gradients_.bias = Matrix(1, shape.vocabulary);
  }

  void pass(Index step) {
    const double scale = 1.0 / static_cast<double>(shape_.rows);
    if (shape_.samples == 0) {
      softmax_forward_backward(context_, p_, x_, targets_, scale, cache_, nll_, gradients_, dx_);
      return;
    }
    sample_ = sample_log_uniform(stream_, step, shape_.samples, shape_.vocabulary);
    sampled_softmax_forward_backward(context_, p_, sample_, x_, targets_, scale, sampled_cache_, nll_,
                                     sampled_gradient_, dx_);
  }

  /// Loss and gradient of the last row, and the gradient of the weights of its target.
  void check(const BenchSetting& setting, const std::string& name) {
    pass(0);
    const Index row = shape_.rows - 1;
    const std::int32_t target = targets_.back();
    const std::vector<std::int32_t> tokens = candidates(target);
    Doubles logits;
    for (const std::int32_t token : tokens) logits.push_back(logit(row, token));
    const double max_logit = *std::max_element(logits.begin(), logits.end());
    double sum = 0;
    for (const double l : logits) sum += std::exp(l - max_logit);
    const double normaliser = max_logit + std::log(sum);
    const double tolerance = layer_tolerance(context_);
    expect_close(setting, name + ": loss", {nll_.back()}, {normaliser - logit(row, target)}, tolerance);

    Doubles dx(shape_.width);
    for (std::size_t j = 0; j < tokens.size(); ++j) {
      const double d = (std::exp(logits[j] - normaliser) - (tokens[j] == target ? 1 : 0)) / rows();
      for (Index i = 0; i < shape_.width; ++i) dx[i] += d * static_cast<double>(p_.weight(tokens[j], i));
    }
    expect_close(setting, name + ": gradient of the input", row_of(dx_, row), dx, tolerance);
    expect_close(setting, name + ": gradient of the weights", weight_gradient(target), plain_weight_gradient(target),
                 tolerance);
  }

 private:
  double rows() const { return static_cast<double>(shape_.rows); }

  std::vector<std::int32_t> candidates(std::int32_t target) const {
    std::vector<std::int32_t> tokens = sample_.ids;
    if (shape_.samples == 0) {
      tokens.resize(shape_.vocabulary);
      std::iota(tokens.begin(), tokens.end(), 0);
    }
    if (std::find(tokens.begin(), tokens.end(), target) == tokens.end()) tokens.push_back(target);
    return tokens;
  }

  double logit(Index row, std::int32_t token) const {
    const double expected = shape_.samples > 0 ? sample_.log_expected_count(token) : 0;
    return inner_product(x_.row(row), p_.weight.row(token), shape_.width) + static_cast<double>(p_.bias(0, token)) -
           expected;
  }

  Doubles weight_gradient(std::int32_t token) const {
    if (shape_.samples == 0) return row_of(gradients_.weight, token);
    const auto& index = sampled_gradient_.weight.index;
    return row_of(sampled_gradient_.weight.rows, std::lower_bound(index.begin(), index.end(), token) - index.begin());
  }

  /// From the losses of all rows, of which check() has compared one: p = exp(logit - loss - logit of the target).
  Doubles plain_weight_gradient(std::int32_t token) const {
    const bool everywhere = shape_.samples == 0 || std::binary_search(sample_.ids.begin(), sample_.ids.end(), token);
    Doubles gradient(shape_.width);
    for (Index n = 0; n < shape_.rows; ++n) {
      const std::int32_t target = targets_[n];
      if (!everywhere && target != token) continue;
      const double normaliser = nll_[n] + logit(n, target);
      const double d = (std::exp(logit(n, token) - normaliser) - (target == token ? 1 : 0)) / rows();
      for (Index i = 0; i < shape_.width; ++i) gradient[i] += d * static_cast<double>(x_(n, i));
    }
    return gradient;
  }

  Context& context_;
  Shape shape_;
  SoftmaxParameters p_, gradients_;
  SoftmaxCache cache_;
  SampledSoftmaxCache sampled_cache_;
  SampledSoftmaxGradient sampled_gradient_;
  SampledIds sample_;
  Matrix x_, dx_;
  std::vector<double> nll_;
  std::vector<std::int32_t> targets_;
  RandomStream stream_;
};

BenchResult run(Context& context, const BenchSetting& setting, const std::string& name, const Shape& shape) {
  SoftmaxBench bench(context, shape);
  bench.check(setting, name);
  BenchResult result = begin_result(kPart, name, context);
  result.tokens = static_cast<double>(shape.rows);
  result.flops = 6 * shape.ops();
  Index step = 0;
  result.seconds = setting.median_seconds([&] { bench.pass(++step); });
  return result;
}

}  // namespace

std::vector<BenchCase> softmax_cases(const BenchSetting& setting) {
  std::vector<BenchCase> cases;
  const auto add = [&](const std::string& name, Index vocabulary, Index samples, BenchChoice choice) {
    const Shape shape{setting.size(1280), setting.size(512), setting.size(vocabulary),
                      samples > 0 ? setting.size(samples) : 0};
    const Index memory = vocabulary > 100000 && !setting.tiny ? 4 * vocabulary * shape.width : 0;
    cases.push_back(
        {kPart, name, [=](Context& context) { return run(context, setting, name, shape); }, choice, false, memory});
  };
  add("softmax-10000", 10000, 0, BenchChoice::standard);
  add("softmax-33000", 33000, 0, BenchChoice::extra);
  add("softmax-8192-of-793471", 793471, 8192, BenchChoice::extra);
  return cases;
}

}  // namespace moelm
