// Part of kernels_body.hpp, inside its namespace: what a noisy gate computes of every expert and row.

/// ln(1 + e^-|x|) + max(x, 0), the logarithm by 2 artanh(t / (2 + t)) with t = e^-|x|, |argument| <= 1/3.
inline float softplus_element(float x) {
  const float t = exp_element(x < 0 ? x : -x);
  const float s = t / (2.0f + t), q = s * s;
  float p = 1.0f / 17;
  p = p * q + 1.0f / 15;
  p = p * q + 1.0f / 13;
  p = p * q + 1.0f / 11;
  p = p * q + 1.0f / 9;
  p = p * q + 1.0f / 7;
  p = p * q + 1.0f / 5;
  p = p * q + 1.0f / 3;
  p = p * q + 1.0f;
  return (x > 0 ? x : 0.0f) + 2.0f * s * p;
}

void softplus(Index n, float more, const float* x, float* y) {
#pragma omp simd
  for (Index j = 0; j < n; ++j) y[j] = softplus_element(x[j]) + more;
}

/// erfc(z) for z >= 0 as t e^(-z^2 + P(t)), t = 1 / (1 + z/2), with the Chebyshev fit of Press et al., Numerical
/// Recipes, section 6.2: relative error below 1.2e-7 everywhere.
inline float erfc_positive(float z) {
  const float t = 1.0f / (1.0f + 0.5f * z);
  float p = 0.17087277f;
  p = p * t - 0.82215223f;
  p = p * t + 1.48851587f;
  p = p * t - 1.13520398f;
  p = p * t + 0.27886807f;
  p = p * t - 0.18628806f;
  p = p * t + 0.09678418f;
  p = p * t + 0.37409196f;
  p = p * t + 1.00002368f;
  p = p * t - 1.26551223f;
  return t * exp_element(p - z * z);
}

void normal_cdf(Index n, const float* u, float* p) {
#pragma omp simd
  for (Index j = 0; j < n; ++j) {
    const float z = u[j] * 0.707106781f;
    const float tail = 0.5f * erfc_positive(z < 0 ? -z : z);
    p[j] = z < 0 ? tail : 1.0f - tail;
  }
}
