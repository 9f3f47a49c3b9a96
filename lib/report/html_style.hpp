// The style sheet of the page: readable in light and dark, on paper and on a phone.
#pragma once

#include <string_view>

namespace moelm {

std::string_view html_style();

}  // namespace moelm
