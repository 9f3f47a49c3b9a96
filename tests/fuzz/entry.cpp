// The entry of libFuzzer for one target, whose function MOELM_FUZZ_TARGET names.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fuzz/targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  moelm::MOELM_FUZZ_TARGET(std::string_view(reinterpret_cast<const char*>(bytes), count));
  return 0;
}
