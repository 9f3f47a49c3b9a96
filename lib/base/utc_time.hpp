// The time of day as files of a run store it.
#pragma once

#include <string>

namespace moelm {

/// Now, as RFC 3339 writes it: "2026-11-29T01:20:46Z". Thread-safe.
std::string utc_now();

}  // namespace moelm
