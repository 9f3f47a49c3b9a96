// The one script of the page. Without it everything is still there: it sorts tables, searches for a word, and opens
// what is folded before the page is printed.
#pragma once

#include <string>
#include <string_view>

namespace moelm {

std::string_view html_script();

/// "sha256-...": by this the page's security policy allows this script and no other.
std::string html_script_source();

}  // namespace moelm
