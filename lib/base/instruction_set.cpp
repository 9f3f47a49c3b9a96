#include "base/instruction_set.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>

#include "base/error.hpp"

namespace moelm {

namespace {

constexpr const char* kVariable = "MOELM_MAX_ISA";
constexpr std::array kSets = {InstructionSet::baseline, InstructionSet::avx2, InstructionSet::avx512};

std::string_view asked_for() {
  const char* const text = std::getenv(kVariable);
  return text == nullptr ? "" : text;
}

std::optional<InstructionSet> set_of_name(std::string_view name) {
  for (const InstructionSet set : kSets)
    if (instruction_set_name(set) == name) return set;
  return std::nullopt;
}

}  // namespace

std::string_view instruction_set_name(InstructionSet set) {
  switch (set) {
    case InstructionSet::avx512:
      return "avx512";
    case InstructionSet::avx2:
      return "avx2";
    case InstructionSet::baseline:
      break;
  }
  return "baseline";
}

InstructionSet processor_instructions() {
#ifdef __x86_64__
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    return InstructionSet::avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return InstructionSet::avx2;
#endif
  return InstructionSet::baseline;
}

InstructionSet chosen_instructions() {
  return std::min(processor_instructions(), set_of_name(asked_for()).value_or(InstructionSet::avx512));
}

std::string instruction_note() {
  const std::string_view name = asked_for();
  if (name.empty()) return "";
  const auto set = set_of_name(name);
  const std::string used(instruction_set_name(chosen_instructions()));
  if (!set)
    return std::string(kVariable) + ": expected avx512, avx2 or baseline, found " + excerpt(name) + "; " + used +
           " is used, as if it were not set";
  if (*set <= processor_instructions()) return "";
  return std::string(kVariable) + ": expected at most " + used + ", which is what this processor has, found " +
         std::string(name) + "; " + used + " is used";
}

}  // namespace moelm
