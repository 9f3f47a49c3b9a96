// Text in the language of manual pages.
#pragma once

#include <string>
#include <string_view>

namespace moelm {

/// Text that roff shows as it is, also at the beginning of a line.
std::string roff(std::string_view text);

/// The first line of a page: its name in capitals, section and version.
std::string roff_title(std::string_view name, int section);

/// A heading of the page.
std::string roff_section(std::string_view title);

/// A labelled paragraph. Label and text are roff already.
std::string roff_entry(const std::string& label, const std::string& text);

inline std::string roff_bold(std::string_view text) { return "\\fB" + roff(text) + "\\fR"; }
inline std::string roff_italic(std::string_view text) { return "\\fI" + roff(text) + "\\fR"; }

}  // namespace moelm
