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

/// The same, lowered by MOELM_MAX_ISA=avx512|avx2|baseline. What is no such name does not count, nor does an empty
/// value.
InstructionSet chosen_instructions();

/// One line about a MOELM_MAX_ISA that cannot be heeded: an unknown name, or more than the processor has. Else "".
std::string instruction_note();

}  // namespace moelm
