#include <cmath>

#include "bench/cases.hpp"
#include "bench/plain.hpp"
#include "nn/lstm.hpp"

namespace moelm {

namespace {

const char* const kPart = "LSTM";

struct Shape {
  Index streams, cells, steps;

  Index rows() const { return streams * steps; }
  /// Multiply-adds of all rows, forward.
  double ops() const { return static_cast<double>(rows() * 4 * cells * 2 * cells); }
};

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

/// One stream from the zero state in plain loops, forward and backward.
class PlainStream {
 public:
  Doubles h_last;           ///< the output of the last step
  Doubles dx_first;         ///< the gradient of the first step's input
  Doubles dweight_ih_last;  ///< the last row of the gradient of weight_ih

  PlainStream(const LstmParameters& p, const Shape& shape, Index stream, ConstMatrixView x, ConstMatrixView dy)
      : p_(p), n_(static_cast<std::size_t>(shape.cells)) {
    Doubles h(n_), c(n_);
    for (Index t = 0; t < shape.steps; ++t) forward(row_of(x, t * shape.streams + stream), h, c);
    h_last = h;
    Doubles dh(n_), dc(n_);
    dweight_ih_last.assign(n_, 0.0);
    for (Index t = shape.steps - 1; t >= 0; --t) backward(row_of(dy, t * shape.streams + stream), dh, dc);
  }

 private:
  struct Step {
    Doubles x, i, f, g, o, c_previous, tanh_c;
  };

  void forward(const Doubles& x, Doubles& h, Doubles& c) {
    Doubles sums = times(p_.weight_ih, x);
    const Doubles recurrent = times(p_.weight_hh, h);
    for (std::size_t j = 0; j < sums.size(); ++j) sums[j] += recurrent[j] + static_cast<double>(p_.bias.data()[j]);
    Step step{x, Doubles(n_), Doubles(n_), Doubles(n_), Doubles(n_), c, Doubles(n_)};
    for (std::size_t j = 0; j < n_; ++j) {
      step.i[j] = logistic(sums[j]);
      step.f[j] = logistic(sums[n_ + j]);
      step.g[j] = std::tanh(sums[2 * n_ + j]);
      step.o[j] = logistic(sums[3 * n_ + j]);
      c[j] = step.f[j] * c[j] + step.i[j] * step.g[j];
      step.tanh_c[j] = std::tanh(c[j]);
      h[j] = step.o[j] * step.tanh_c[j];
    }
    steps_.push_back(std::move(step));
  }

  void backward(const Doubles& dy, Doubles& dh, Doubles& dc) {
    const Step s = std::move(steps_.back());
    steps_.pop_back();
    Doubles dsums(4 * n_);
    for (std::size_t j = 0; j < n_; ++j) {
      const double d = dh[j] + dy[j];
      dc[j] += d * s.o[j] * (1 - s.tanh_c[j] * s.tanh_c[j]);
      dsums[j] = dc[j] * s.g[j] * s.i[j] * (1 - s.i[j]);
      dsums[n_ + j] = dc[j] * s.c_previous[j] * s.f[j] * (1 - s.f[j]);
      dsums[2 * n_ + j] = dc[j] * s.i[j] * (1 - s.g[j] * s.g[j]);
      dsums[3 * n_ + j] = d * s.tanh_c[j] * s.o[j] * (1 - s.o[j]);
      dc[j] *= s.f[j];
    }
    dh = transposed_times(p_.weight_hh, dsums);
    for (std::size_t j = 0; j < n_; ++j) dweight_ih_last[j] += dsums.back() * s.x[j];
    if (steps_.empty()) dx_first = transposed_times(p_.weight_ih, dsums);
  }

  const LstmParameters& p_;
  std::size_t n_;
  std::vector<Step> steps_;
};

/// A layer, its input and the gradient of its output.
class LstmBench {
 public:
  LstmBench(Context& context, const Shape& shape) : context_(context), sequence_(shape.streams, shape.steps) {
    const float scale = 1 / std::sqrt(static_cast<float>(shape.cells));
    p_.weight_ih = random_numbers(context, 4 * shape.cells, shape.cells, 1, scale);
    p_.weight_hh = random_numbers(context, 4 * shape.cells, shape.cells, 2, scale);
    p_.bias = random_numbers(context, 1, 4 * shape.cells, 3);
    x_ = random_numbers(context, shape.rows(), shape.cells, 4);
    dy_.reshape(shape.rows(), shape.cells);
    dy_.zero();
    dx_.reshape(shape.rows(), shape.cells);
    gradients_.weight_ih = Matrix(4 * shape.cells, shape.cells);
    gradients_.weight_hh = Matrix(4 * shape.cells, shape.cells);
    gradients_.bias = Matrix(1, 4 * shape.cells);
  }

  void forward() {
    state_.reset(sequence_.streams(), p_);
    lstm_forward(context_, p_, sequence_, x_, state_, cache_);
  }

  void backward() {
    dstate_.reset(sequence_.streams(), p_);
    lstm_backward(context_, p_, sequence_, x_, dy_, cache_, dstate_, gradients_, dx_);
  }

  /// With a gradient for the last stream alone, so that the gradients of the weights are its own.
  void check(const BenchSetting& setting, const std::string& name, const Shape& shape) {
    const Index stream = shape.streams - 1;
    const Matrix dy = random_numbers(context_, shape.steps, shape.cells, 5);
    for (Index t = 0; t < shape.steps; ++t) std::copy_n(dy.row(t), shape.cells, dy_.row(t * shape.streams + stream));
    forward();
    const PlainStream plain(p_, shape, stream, x_, dy_);
    const double tolerance = layer_tolerance(context_);
    expect_close(setting, name + ": output", row_of(cache_.output, shape.rows() - 1), plain.h_last, tolerance);
    backward();
    expect_close(setting, name + ": gradient of the input", row_of(dx_, stream), plain.dx_first, tolerance);
    expect_close(setting, name + ": gradient of a weight", row_of(gradients_.weight_ih, 4 * shape.cells - 1),
                 plain.dweight_ih_last, tolerance);
    dy_ = random_numbers(context_, shape.rows(), shape.cells, 5);
  }

 private:
  Context& context_;
  Sequence sequence_;
  LstmParameters p_, gradients_;
  LstmState state_, dstate_;
  LstmCache cache_;
  Matrix x_, dy_, dx_;
};

BenchResult run_lstm(Context& context, const BenchSetting& setting, const std::string& name, const Shape& shape,
                     bool backward) {
  LstmBench bench(context, shape);
  bench.check(setting, name, shape);
  BenchResult result = begin_result(kPart, name, context);
  result.tokens = static_cast<double>(shape.rows());
  // Backward makes the gradients of the inputs and those of the weights.
  result.flops = (backward ? 4.0 : 2.0) * shape.ops();
  if (backward)
    result.seconds = setting.median_seconds([&] { bench.forward(); }, [&] { bench.backward(); });
  else
    result.seconds = setting.median_seconds([&] { bench.forward(); });
  return result;
}

}  // namespace

std::vector<BenchCase> lstm_cases(const BenchSetting& setting) {
  std::vector<BenchCase> cases;
  for (const Index cells : {512, 1024})
    for (const Index steps : {20, 32})
      for (const Index streams : {16, 32, 64, 128, 256})
        for (const bool backward : {false, true}) {
          const std::string name = std::string(backward ? "lstm-backward-" : "lstm-forward-") +
                                   std::to_string(streams) + "x" + std::to_string(steps) + "x" + std::to_string(cells);
          const Shape shape{setting.size(streams), setting.size(cells), setting.size(steps)};
          const bool standard = cells == 512 && steps == 20 && (streams == 16 || streams == 64);
          cases.push_back({kPart, name,
                           [=](Context& context) { return run_lstm(context, setting, name, shape, backward); },
                           standard ? BenchChoice::standard : BenchChoice::extra});
        }
  return cases;
}

}  // namespace moelm
