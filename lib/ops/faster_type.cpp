#include "ops/faster_type.hpp"

#include <algorithm>

#include "base/stopwatch.hpp"
#include "ops/gemm.hpp"
#include "tensor/matrix.hpp"

namespace moelm {

namespace {

constexpr Index kRows = 64, kInner = 512, kCols = 1024;  // an expert's share of a step
constexpr int kRounds = 9;
constexpr double kMinGain = 1.3;

/// The shortest of several products: what disturbs only makes them longer.
class Probe {
 public:
  Probe(Context& context, DataType type) : context_(context), a_(kRows, kInner), c_(kRows, kCols) {
    packed_.pack(context, Matrix(kInner, kCols), Transpose::no, type);
    multiply(context_, a_, packed_, 0.0f, c_);
  }

  void round() {
    Stopwatch watch;
    multiply(context_, a_, packed_, 0.0f, c_);
    best_ = std::min(best_, watch.seconds());
  }
  double seconds() const { return best_; }

 private:
  Context& context_;
  PackedMatrix packed_;
  Matrix a_, c_;
  double best_ = 1e9;
};

}  // namespace

DataType measure_faster_type() {
  if (!native_bf16()) return DataType::f32;
  Context context(1);
  Probe f32(context, DataType::f32), bf16(context, DataType::bf16);
  for (int i = 0; i < kRounds; ++i) f32.round(), bf16.round();
  return f32.seconds() >= kMinGain * bf16.seconds() ? DataType::bf16 : DataType::f32;
}

double measure_product_rate(DataType type) {
  Context context(1);
  Probe probe(context, type);
  for (int i = 0; i < kRounds; ++i) probe.round();
  return static_cast<double>(kRows * kInner * kCols) / std::max(probe.seconds(), 1e-9);
}

}  // namespace moelm
