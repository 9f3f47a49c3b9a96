#include "ops/kernels.hpp"

#include <vector>

#include "base/instruction_set.hpp"

namespace moelm {

extern const Kernels kKernels_baseline;
#ifdef MOELM_X86_KERNELS
extern const Kernels kKernels_avx2;
extern const Kernels kKernels_avx512;
#endif

namespace {

/// Fastest first.
std::vector<const Kernels*> up_to([[maybe_unused]] InstructionSet greatest) {
  std::vector<const Kernels*> found;
#ifdef MOELM_X86_KERNELS
  if (greatest >= InstructionSet::avx512) found.push_back(&kKernels_avx512);
  if (greatest >= InstructionSet::avx2) found.push_back(&kKernels_avx2);
#endif
  found.push_back(&kKernels_baseline);
  return found;
}

}  // namespace

const Kernels& kernels() {
  static const Kernels* const chosen = up_to(chosen_instructions()).front();
  return *chosen;
}

const Kernels* const* all_kernels(int& count) {
  static const std::vector<const Kernels*> table = up_to(processor_instructions());
  count = static_cast<int>(table.size());
  return table.data();
}

}  // namespace moelm
