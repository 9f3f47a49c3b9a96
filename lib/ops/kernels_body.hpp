// The text of the element-wise kernels, included once for each instruction set after MOELM_KERNELS is set to the name
// of the table. No function of the standard library may be instantiated here: the linker could keep this copy for
// everyone.

#include <cstdint>
#include <cstring>

#include "ops/kernels.hpp"

namespace moelm {
namespace {

inline float bits_to_float(std::int32_t bits) {
  float f;
  std::memcpy(&f, &bits, sizeof f);
  return f;
}

inline std::int32_t float_to_bits(float x) {
  std::int32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}

/// The bits of |x|, which are ordered as their numbers are; those of infinities and NaN lie above all others.
inline std::int32_t magnitude_bits(float x) { return float_to_bits(x) & 0x7fff'ffff; }

constexpr std::int32_t kInfinityBits = 0x7f80'0000;

inline std::int32_t greater(std::int32_t a, std::int32_t b) { return a > b ? a : b; }

/// x, but at least -87.3 and at most 88.3. Compares bits, because g++ makes separate cases of two comparisons of floats
/// in a row, and computes all of them. Signed bits order positive floats; unsigned bits put negative floats above them,
/// the lowest last. The result for a NaN is one of the two bounds.
inline float clamp_exponent(float x) {
  constexpr std::int32_t kHighest = 0x42b0'999a;  // 88.3
  constexpr std::uint32_t kLowest = 0xc2ae'999a;  // -87.3
  const std::int32_t below = float_to_bits(x) < kHighest ? float_to_bits(x) : kHighest;
  const auto bits = static_cast<std::uint32_t>(below);
  return bits_to_float(static_cast<std::int32_t>(bits < kLowest ? bits : kLowest));
}

/// exp by 2^n * e^r with |r| <= ln(2)/2; the polynomial is the Taylor series of degree 7, whose rest is below 1 ulp.
inline float exp_element(float x) {
  constexpr float kLog2E = 1.44269504089f, kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding and subtracting it rounds to an integer
  const float bounded = clamp_exponent(x), shifted = bounded * kLog2E + kRound;
  const float n = shifted - kRound;
  const float r = (bounded - n * kLn2High) - n * kLn2Low;
  float p = 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const auto n_bits = static_cast<std::uint32_t>(float_to_bits(shifted));  // the low bits are those of the integer n
  const float power = bits_to_float(static_cast<std::int32_t>((n_bits + 127) << 23));
  // A NaN compares false and would be clamped away: it has to stay visible.
  return x == x ? p * power : x;
}

inline float sigmoid_element(float x) { return 1.0f / (1.0f + exp_element(-x)); }

inline float tanh_element(float x) {
  // Near zero 1 - 2/(1+e^2x) cancels, so the odd Taylor series takes over there.
  const float square = x * x;
  float p = -0.0088632355f;  // -1382/155925
  p = p * square + 0.0218694885f;
  p = p * square - 0.0539682540f;
  p = p * square + 0.1333333333f;
  p = p * square - 0.3333333333f;
  const float small = x + x * square * p;
  const float large = 1.0f - 2.0f / (1.0f + exp_element(2.0f * x));
  return square < 0.09f ? small : large;
}

#include "ops/gate_kernels_body.hpp"
#include "ops/random_kernels_body.hpp"

void lstm_cell_forward(Index cells, const float* bias, float* gates, const float* c_prev, float* c, float* tanh_c,
                       float* h) {
  float* i = gates;
  float* f = gates + cells;
  float* g = gates + 2 * cells;
  float* o = gates + 3 * cells;
#pragma omp simd
  for (Index j = 0; j < cells; ++j) {
    i[j] = sigmoid_element(i[j] + bias[j]);
    f[j] = sigmoid_element(f[j] + bias[cells + j]);
    g[j] = tanh_element(g[j] + bias[2 * cells + j]);
    o[j] = sigmoid_element(o[j] + bias[3 * cells + j]);
    c[j] = f[j] * c_prev[j] + i[j] * g[j];
    tanh_c[j] = tanh_element(c[j]);
    h[j] = o[j] * tanh_c[j];
  }
}

void lstm_cell_backward(Index cells, const float* gates, const float* c_prev, const float* tanh_c, const float* dh,
                        float* dc, float* dgates) {
  const float* i = gates;
  const float* f = gates + cells;
  const float* g = gates + 2 * cells;
  const float* o = gates + 3 * cells;
#pragma omp simd
  for (Index j = 0; j < cells; ++j) {
    // All is read before anything is written: dgates may be gates.
    const float ij = i[j], fj = f[j], gj = g[j], oj = o[j], t = tanh_c[j];
    const float d = dc[j] + dh[j] * oj * (1.0f - t * t);
    dgates[j] = d * gj * ij * (1.0f - ij);
    dgates[cells + j] = d * c_prev[j] * fj * (1.0f - fj);
    dgates[2 * cells + j] = d * ij * (1.0f - gj * gj);
    dgates[3 * cells + j] = dh[j] * t * oj * (1.0f - oj);
    dc[j] = d * fj;
  }
}

inline float larger(float a, float b) { return a > b ? a : b; }

float add_max(Index n, const float* bias, float* x) {
  // Lanes by hand: clang does not make a vector reduction of a maximum that has to treat NaN as this one does.
  constexpr Index kLanes = 16;
  float lanes[kLanes];
  for (Index l = 0; l < kLanes; ++l) lanes[l] = x[0] + bias[0];
  Index begin = 0;
  for (; begin + kLanes <= n; begin += kLanes) {
#pragma omp simd
    for (Index l = 0; l < kLanes; ++l) {
      x[begin + l] += bias[begin + l];
      lanes[l] = larger(x[begin + l], lanes[l]);
    }
  }
  float greatest = lanes[0];
  for (Index l = 1; l < kLanes; ++l) greatest = larger(lanes[l], greatest);
  for (; begin < n; ++begin) {
    x[begin] += bias[begin];
    greatest = larger(x[begin], greatest);
  }
  return greatest;
}

constexpr Index kSumBlock = 2048;  // single precision sums within a block, double precision over blocks

double exp_sum(Index n, float shift, const float* x, float* y) {
  double total = 0;
  for (Index begin = 0; begin < n; begin += kSumBlock) {
    const Index end = begin + kSumBlock < n ? begin + kSumBlock : n;
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (Index j = begin; j < end; ++j) {
      const float e = exp_element(x[j] - shift);
      y[j] = e;
      sum += e;
    }
    total += static_cast<double>(sum);
  }
  return total;
}

void sigmoid(Index n, const float* x, float* y) {
#pragma omp simd
  for (Index j = 0; j < n; ++j) y[j] = sigmoid_element(x[j]);
}

void relu(Index n, float* x) {
#pragma omp simd
  for (Index j = 0; j < n; ++j) x[j] = x[j] < 0 ? 0.0f : x[j];
}

void relu_backward(Index n, const float* y, float* dx) {
#pragma omp simd
  for (Index j = 0; j < n; ++j) dx[j] = y[j] > 0 ? dx[j] : 0.0f;
}

void axpy(Index n, float a, const float* x, float* y) {
#pragma omp simd
  for (Index j = 0; j < n; ++j) y[j] += a * x[j];
}

void scale(Index n, float a, const float* x, float* y) {
#pragma omp simd
  for (Index j = 0; j < n; ++j) y[j] = a * x[j];
}

float sum(Index n, const float* x) {
  float total = 0;
#pragma omp simd reduction(+ : total)
  for (Index j = 0; j < n; ++j) total += x[j];
  return total;
}

float dot(Index n, const float* x, const float* y) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (Index j = 0; j < n; ++j) sum += x[j] * y[j];
  return sum;
}

double sum_of_squares(Index n, const float* x) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (Index j = 0; j < n; ++j) sum += static_cast<double>(x[j]) * static_cast<double>(x[j]);
  return sum;
}

bool adam(Index n, const AdamStep& step, const float* grad, float* m, float* v, float* w) {
  const float beta1 = step.beta1, beta2 = step.beta2, epsilon = step.epsilon, rate = step.rate;
  const float correction2 = step.correction2, grad_scale = step.grad_scale;
  std::int32_t greatest = 0;
#pragma omp simd reduction(max : greatest)
  for (Index j = 0; j < n; ++j) {
    const float g = grad[j] * grad_scale;
    m[j] = beta1 * m[j] + (1.0f - beta1) * g;
    v[j] = beta2 * v[j] + (1.0f - beta2) * g * g;
    w[j] -= rate * m[j] / (__builtin_sqrtf(v[j] * correction2) + epsilon);
    greatest = greater(magnitude_bits(w[j]), greatest);
  }
  return greatest < kInfinityBits;
}

bool adam_without_gradient(Index n, const AdamStep& step, float* m, float* v, float* w) {
  constexpr float kMinFirst = 1e-30f, kMinNormal = 1.17549435e-38f;
  const float beta1 = step.beta1, beta2 = step.beta2, epsilon = step.epsilon, rate = step.rate;
  const float correction2 = step.correction2;
  std::int32_t greatest = 0;
#pragma omp simd reduction(max : greatest)
  for (Index j = 0; j < n; ++j) {
    const float first = beta1 * m[j], second = beta2 * v[j];
    m[j] = __builtin_fabsf(first) < kMinFirst ? 0.0f : first;
    v[j] = second < kMinNormal ? 0.0f : second;
    const float divisor = __builtin_sqrtf(v[j] * correction2) + epsilon;
    w[j] -= divisor == 0.0f ? 0.0f : rate * m[j] / divisor;
    greatest = greater(magnitude_bits(w[j]), greatest);
  }
  return greatest < kInfinityBits;
}

double add_squares(Index n, const float* x, double* sums) {
  double total = 0;
#pragma omp simd reduction(+ : total)
  for (Index j = 0; j < n; ++j) {
    const double square = static_cast<double>(x[j]) * static_cast<double>(x[j]);
    sums[j] += square;
    total += square;
  }
  return total;
}

/// A second moment of zero belongs to a gradient of zero, or to one too small to be squared.
inline float quotient(float grad, float divisor) { return divisor == 0 ? 0.0f : grad / divisor; }

bool factored(Index n, float rate, float row, float epsilon, const float* columns, const float* grad, float* w) {
  std::int32_t greatest = 0;
#pragma omp simd reduction(max : greatest)
  for (Index j = 0; j < n; ++j) {
    w[j] -= rate * quotient(grad[j], row * columns[j] + epsilon);
    greatest = greater(magnitude_bits(w[j]), greatest);
  }
  return greatest < kInfinityBits;
}

double factored_squares(Index n, float row, const float* columns, const float* grad) {
  double total = 0;
#pragma omp simd reduction(+ : total)
  for (Index j = 0; j < n; ++j) {
    const double q = static_cast<double>(quotient(grad[j], row * columns[j]));
    total += q * q;
  }
  return total;
}

}  // namespace

extern const Kernels MOELM_KERNELS;
const Kernels MOELM_KERNELS = {.name = MOELM_KERNELS_NAME,
                               .lstm_cell_forward = lstm_cell_forward,
                               .lstm_cell_backward = lstm_cell_backward,
                               .add_max = add_max,
                               .exp_sum = exp_sum,
                               .sigmoid = sigmoid,
                               .relu = relu,
                               .relu_backward = relu_backward,
                               .axpy = axpy,
                               .scale = scale,
                               .sum = sum,
                               .dropout = dropout,
                               .normals = normals,
                               .softplus = softplus,
                               .normal_cdf = normal_cdf,
                               .dot = dot,
                               .sum_of_squares = sum_of_squares,
                               .adam = adam,
                               .adam_without_gradient = adam_without_gradient,
                               .add_squares = add_squares,
                               .factored = factored,
                               .factored_squares = factored_squares};

}  // namespace moelm
