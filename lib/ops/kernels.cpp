#include "ops/kernels.hpp"

#include <cstdlib>
#include <string_view>
#include <vector>

namespace moelm {

extern const Kernels kKernels_baseline;
#ifdef MOELM_X86_KERNELS
extern const Kernels kKernels_avx2;
extern const Kernels kKernels_avx512;
#endif

namespace {

std::vector<const Kernels*> supported() {
  std::vector<const Kernels*> found;
#ifdef MOELM_X86_KERNELS
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    found.push_back(&kKernels_avx512);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) found.push_back(&kKernels_avx2);
#endif
  found.push_back(&kKernels_baseline);
  return found;
}

const std::vector<const Kernels*>& table() {
  static const std::vector<const Kernels*> kernels = supported();
  return kernels;
}

const Kernels* choose() {
  const char* limit = std::getenv("MOELM_MAX_ISA");
  if (limit == nullptr) return table().front();
  for (const Kernels* k : table())
    if (std::string_view(limit) == k->name) return k;
  return table().back();
}

}  // namespace

const Kernels& kernels() {
  static const Kernels* const chosen = choose();
  return *chosen;
}

const Kernels* const* all_kernels(int& count) {
  count = static_cast<int>(table().size());
  return table().data();
}

}  // namespace moelm
