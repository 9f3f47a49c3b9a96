// Whether the longer campaigns are asked for: MOELM_LONG=1, as scripts/test --long sets it.
#pragma once

#include <cstdlib>
#include <string_view>

namespace moelm {

inline bool long_campaign() {
  const char* const value = std::getenv("MOELM_LONG");
  return value != nullptr && std::string_view(value) == "1";
}

}  // namespace moelm
