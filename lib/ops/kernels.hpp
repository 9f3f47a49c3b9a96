// Element-wise kernels, compiled once for each instruction set and chosen at run time.
#pragma once

#include <cstdint>

#include "base/index.hpp"
#include "base/random.hpp"

namespace moelm {

/// Numbers of one Adam step (Kingma and Ba 2015): w -= rate * m / (sqrt(v * correction2) + epsilon), where rate holds
/// the learning rate and the correction of the first moment; gradients are multiplied by grad_scale (clipping).
struct AdamStep {
  float beta1, beta2, epsilon;
  float rate;         ///< lr / (1 - beta1^t)
  float correction2;  ///< 1 / (1 - beta2^t)
  float grad_scale;
};

/// The kernels of one instruction set. Arrays do not overlap unless they are the same; n may be any number >= 0.
/// sigmoid and tanh are within 2e-7 (absolute) of the exact value, exp within 3e-7 (relative) from -87 to 88; beyond,
/// it has the value there.
struct Kernels {
  const char* name;

  /// LSTM cell of H units: `gates` holds the sums for i, f, g, o [4H] without `bias` [4H], and receives sigmoid/tanh of
  /// them; c = f c_prev + i g, tanh_c = tanh(c), h = o tanh_c.
  void (*lstm_cell_forward)(Index cells, const float* bias, float* gates, const float* c_prev, float* c, float* tanh_c,
                            float* h);

  /// Backward of the same: reads activated gates, dh and dc (gradient of c from later steps); overwrites dc with the
  /// gradient of c_prev and writes the gradient of the four sums [4H]; dgates may be gates.
  void (*lstm_cell_backward)(Index cells, const float* gates, const float* c_prev, const float* tanh_c, const float* dh,
                             float* dc, float* dgates);

  /// x += bias, returns the greatest x.
  float (*add_max)(Index n, const float* bias, float* x);
  /// y = exp(x - shift), returns the sum of y. y may be x.
  double (*exp_sum)(Index n, float shift, const float* x, float* y);
  /// y = sigmoid(x). y may be x.
  void (*sigmoid)(Index n, const float* x, float* y);
  /// x = max(x, 0).
  void (*relu)(Index n, float* x);
  /// dx = 0 if y <= 0.
  void (*relu_backward)(Index n, const float* y, float* dx);
  /// y += a x.
  void (*axpy)(Index n, float a, const float* x, float* y);
  /// y = a x. y may be x.
  void (*scale)(Index n, float a, const float* x, float* y);
  float (*sum)(Index n, const float* x);
  /// x[j] becomes 0 if the random number j of the row is less than `threshold`, else keep * x[j].
  void (*dropout)(Index n, const PhiloxRow& row, std::uint32_t threshold, float keep, float* x);
  /// Standard normal numbers of columns first ... first + n - 1 of the row, those of RandomStream::normals to 2e-6.
  void (*normals)(Index first, Index n, const PhiloxRow& row, float* out);
  /// y = ln(1 + e^x) + offset, within 4e-7 relative.
  void (*softplus)(Index n, float offset, const float* x, float* y);
  /// p = Phi(u), the distribution function of the standard normal: within 2e-7, above -12 also within 2e-5 relative.
  void (*normal_cdf)(Index n, const float* u, float* p);
  float (*dot)(Index n, const float* x, const float* y);
  double (*sum_of_squares)(Index n, const float* x);
  /// Returns whether every w is still finite.
  bool (*adam)(Index n, const AdamStep& step, const float* grad, float* m, float* v, float* w);
  /// The same step with a gradient of zero, except that moments too small to matter become 0: |m| < 1e-30, and v below
  /// the least normal number. Decaying further they would be denormal, which processors handle slowly.
  bool (*adam_without_gradient)(Index n, const AdamStep& step, float* m, float* v, float* w);
  /// sums += x^2, returns the sum of x^2.
  double (*add_squares)(Index n, const float* x, double* sums);
  /// One row of a factored update: w -= rate * grad / (row * columns + epsilon), where the divisor is not 0. Returns
  /// whether every w is still finite.
  bool (*factored)(Index n, float rate, float row, float epsilon, const float* columns, const float* grad, float* w);
  /// Sum of (grad / (row * columns))^2, where the divisor is not 0.
  double (*factored_squares)(Index n, float row, const float* columns, const float* grad);
};

/// The fastest kernels that this processor runs; MOELM_MAX_ISA lowers the choice (base/instruction_set.hpp).
const Kernels& kernels();

/// All kernels that this processor runs, fastest first, for tests and benchmarks. `count` receives their number.
const Kernels* const* all_kernels(int& count);

}  // namespace moelm
