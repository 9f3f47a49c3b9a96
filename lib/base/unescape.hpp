// The inverse of escaping, for tables of ours that come back.
#pragma once

#include <string>
#include <string_view>

namespace moelm {

/// The text that escape_field() has written so. An escape that it never writes stays as it is. Thread-safe.
std::string unescape_field(std::string_view field);

}  // namespace moelm
