// Numbers as people write them: times like 3h, byte counts like 1.5 GiB, and large counts with commas.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/index.hpp"

namespace moelm {

/// Seconds of "90", "90s", "10m", "1.5h", "2d" or a sum of parts ("1h30m"); nothing if it is none of these, negative or
/// beyond 100 years.
std::optional<double> parse_duration(std::string_view text);

/// The whole text as an integer, or nothing.
std::optional<Index> parse_index(std::string_view text);

/// The whole text as a finite number, or nothing.
std::optional<double> parse_number(std::string_view text);

/// "1.5 GiB", "812 MiB", "12 bytes".
std::string format_bytes(Index bytes);

/// "37,781,504".
std::string format_count(Index count);

/// A number and its noun: "1 thread", "2,048 threads", "0 lines".
std::string format_counted(Index count, std::string_view noun);

/// The shortest decimal form that reads back as the same double, without exponent where that is short: "0.002",
/// "1e-08".
std::string format_number(double value);

/// "45s", "3m20s", "2h05m", "3d04h".
std::string format_duration(double seconds);

/// The number as printf writes it. `pattern` has one conversion of a double ("%.3g") and 63 characters at most are
/// kept.
std::string format_printf(const char* pattern, double value);

}  // namespace moelm
