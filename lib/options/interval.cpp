#include "options/interval.hpp"

#include <string>

#include "base/error.hpp"
#include "base/quantity.hpp"

namespace moelm {

Interval parse_interval(std::string_view key, std::string_view text) {
  if (text == "auto") return {0, kAutomaticSeconds, true};
  if (const auto steps = parse_index(text); steps && *steps >= 0) return {*steps, 0, false};
  if (const auto seconds = parse_duration(text)) return {0, *seconds, false};
  throw Error(Exit::bad_config,
              std::string(key) + ": expected auto, steps (500) or a time (10m), found " + std::string(text));
}

}  // namespace moelm
