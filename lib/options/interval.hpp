// An interval in steps or in seconds.
#pragma once

#include <string_view>

#include "base/index.hpp"

namespace moelm {

/// The initial interval of "auto": ten minutes.
inline constexpr double kAutomaticSeconds = 600;

/// Steps or seconds. Both zero: never.
struct Interval {
  Index steps = 0;
  double seconds = 0;
  bool automatic = false;  ///< may become longer if the work of each interval takes long
};

/// "500" means steps, "10m" and "90s" times, "0" never, and "auto" ten minutes or more. Error(bad_config) beginning
/// with `key` for anything else.
Interval parse_interval(std::string_view key, std::string_view text);

}  // namespace moelm
