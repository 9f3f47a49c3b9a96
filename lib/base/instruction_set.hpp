// Which instructions our own kernels use: those of the processor, or fewer where the environment says so.
#pragma once

#include <string>
#include <string_view>

namespace moelm {

/// The sets that kernels are compiled for, slowest first.
enum class InstructionSet { baseline, avx2, avx512 };

/// "baseline", "avx2" or "avx512".
std::string_view instruction_set_name(InstructionSet set);

/// The fastest that this processor runs.
InstructionSet processor_instructions();

/// The same, lowered by MOELM_MAX_ISA=avx512|avx2|baseline. An unknown name or an empty value is ignored.
InstructionSet chosen_instructions();

/// A warning if MOELM_MAX_ISA is an unknown name or beyond the processor, or ONEDNN_MAX_CPU_ISA unknown; else "".
std::string instruction_note();

}  // namespace moelm
