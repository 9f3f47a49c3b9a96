#include "bench/ceilings.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "bench/peak.hpp"

namespace moelm {

namespace {

constexpr double kMinPeakShare = 0.95;
constexpr Index kChunkWords = 4096, kChunks = 8192;  // 256 MiB

/// Integers: sums of any order are the same, so the compiler is free to make them fast.
std::uint64_t sum_chunk(const std::uint64_t* words) {
  std::uint64_t sum = 0;
  for (Index i = 0; i < kChunkWords; ++i) sum += words[i];
  return sum;
}

}  // namespace

Ceilings measure_ceilings(Context& context) {
  Ceilings ceilings;
  ceilings.peak_f32_gflops = measure_peak(context, peak_kernel_f32());
  if (const PeakKernel* dot = peak_kernel_bf16()) ceilings.peak_bf16_gflops = measure_peak(context, *dot);

  const BenchSetting setting;
  const std::size_t words = static_cast<std::size_t>(kChunkWords * kChunks), half = words / 2;
  std::vector<std::uint64_t> buffer(words, 1), sums(kChunks);
  const double bytes = static_cast<double>(words) * sizeof(std::uint64_t);
  const double read = setting.median_seconds([&] {
    context.parallel_ranges(kChunks, 64, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) sums[i] = sum_chunk(buffer.data() + i * kChunkWords);
    });
  });
  const double copy = setting.median_seconds([&] {
    context.parallel_ranges(kChunks / 2, 64, [&](Index begin, Index end) {
      std::memcpy(buffer.data() + half + begin * kChunkWords, buffer.data() + begin * kChunkWords,
                  static_cast<std::size_t>((end - begin) * kChunkWords) * sizeof(std::uint64_t));
    });
  });
  ceilings.memory_read_gb_s = bytes / read / 1e9;
  ceilings.memory_copy_gb_s = bytes / copy / 1e9;  // half of it read, half written
  return ceilings;
}

double best_gflops(std::span<const BenchResult> results, DataType type) {
  double best = 0;
  for (const BenchResult& r : results)
    if (r.dtype == data_type_name(type)) best = std::max(best, r.gflops());
  return best;
}

double Ceilings::fraction(const BenchResult& result) const {
  return result.flops > 0 ? result.gflops() / gemm_gflops(result.dtype) : result.gb_s() / memory_read_gb_s;
}

double Ceilings::roofline_seconds(const BenchResult& result) const {
  return result.flops / gemm_gflops(result.dtype) / 1e9 + result.bytes / memory_read_gb_s / 1e9;
}

std::vector<std::string> Ceilings::suspect() const {
  std::vector<std::string> types;
  if (gemm_f32_gflops > 0 && gemm_f32_gflops < kMinPeakShare * peak_f32_gflops)
    types.emplace_back(data_type_name(DataType::f32));
  if (gemm_bf16_gflops > 0 && peak_bf16_gflops && gemm_bf16_gflops < kMinPeakShare * *peak_bf16_gflops)
    types.emplace_back(data_type_name(DataType::bf16));
  return types;
}

}  // namespace moelm
