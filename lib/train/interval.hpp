// How often something happens: after a number of steps, or after some time.
#pragma once

#include <string_view>

#include "base/index.hpp"

namespace moelm {

/// One of the two; both zero: never.
struct Interval {
  Index steps = 0;
  double seconds = 0;
};

/// "500" is steps, "10m" or "90s" a time, "0" never. Error(bad_config) led by `key` for anything else.
Interval parse_interval(std::string_view key, std::string_view text);

}  // namespace moelm
