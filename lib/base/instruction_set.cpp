#include "base/instruction_set.hpp"

#include <algorithm>
#include <array>
#include <cctype>
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

namespace {

/// About our own variable, "" if all is well.
std::string own_note() {
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

/// About the variable of oneDNN, which takes no notice of a name that it does not know.
std::string product_note() {
#ifdef __x86_64__
  constexpr const char* kProductVariable = "ONEDNN_MAX_CPU_ISA";
  // Of all versions from 2.6 to 3.7.
  constexpr std::string_view kNames =
      " all default sse41 avx avx2 avx2_vnni avx2_vnni_2 avx512_mic avx512_mic_4ops avx512_core avx512_core_vnni "
      "avx512_core_bf16 avx512_core_fp16 avx512_core_amx avx512_core_amx_fp16 avx10_1_512 avx10_1_512_amx "
      "avx10_1_512_amx_fp16 ";
  const char* const text = std::getenv(kProductVariable);
  if (text == nullptr || *text == '\0') return "";
  std::string name = " " + std::string(text) + " ";
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (kNames.find(name) == std::string_view::npos)
    return std::string(kProductVariable) + ": expected a name that oneDNN knows, such as AVX2 or AVX512_CORE, found " +
           excerpt(text) + "; matrix products take what the processor has, as if it were not set";
#endif
  return "";
}

}  // namespace

std::string instruction_note() {
  const std::string own = own_note(), products = product_note();
  return own + (own.empty() || products.empty() ? "" : "; ") + products;
}

}  // namespace moelm
