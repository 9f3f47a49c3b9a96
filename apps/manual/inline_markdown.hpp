// Markdown within a paragraph as roff.
#pragma once

#include <string>
#include <string_view>

namespace moelm {

/// `code` and **strong** in bold, *emphasis* in italics, of [text](link) the text, or the manual page that it names.
/// Markers that nothing closes stay.
std::string inline_markdown(std::string_view text);

}  // namespace moelm
