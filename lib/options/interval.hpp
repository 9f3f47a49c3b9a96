// How often something happens: after a number of steps, or after some time.
#pragma once

#include <string_view>

#include "base/index.hpp"

namespace moelm {

/// What "auto" begins with: ten minutes.
inline constexpr double kAutomaticSeconds = 600;

/// One of the two; both zero: never.
struct Interval {
  Index steps = 0;
  double seconds = 0;
  bool automatic = false;  ///< may be longer, where what happens takes long
};

/// "500" is steps, "10m" or "90s" a time, "0" never, "auto" ten minutes or more. Error(bad_config) led by `key` for
/// anything else.
Interval parse_interval(std::string_view key, std::string_view text);

}  // namespace moelm
