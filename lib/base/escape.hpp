// Escapes untrusted text, so that it is harmless on a terminal, in HTML and in JSON.
#pragma once

#include <string>
#include <string_view>

#include "base/index.hpp"

namespace moelm {

/// Text for a terminal, a log or a tab-separated field: one line of valid UTF-8 from which the original can be
/// restored. Control characters, invisible characters and bidirectional controls become `\n`, `\t`, `\r`, `\u{202e}`;
/// bytes that are not UTF-8 become `\x9b`; a backslash is doubled. All functions here are thread-safe.
std::string escape_terminal(std::string_view text);

/// A field of a tab-separated file: as escape_terminal, but a quotation mark at its beginning becomes `\u{22}`, because
/// pandas, R and spreadsheets take it for the start of a quoted field.
std::string escape_field(std::string_view text);

/// Text of several lines for a terminal: as escape_terminal, but line ends, tabs and backslashes stay, so that text
/// which is already escaped does not change.
std::string escape_lines(std::string_view text);

/// escape_terminal, then & < > " ' as entities: safe between tags and inside quoted attributes.
std::string escape_html(std::string_view text);

/// Valid UTF-8: other bytes become `\x9b`, everything else stays. For JSON, whose writer escapes the rest.
std::string to_valid_utf8(std::string_view text);

/// Any bytes, such as names of files, as valid UTF-8 from which they can be restored: bytes that are not UTF-8 become
/// `\x9b`, a backslash is doubled, everything else stays.
std::string escape_bytes(std::string_view bytes);
/// The inverse of escape_bytes(). A backslash that escape_bytes() does not write stays.
std::string unescape_bytes(std::string_view text);

/// The same JSON document with \uXXXX for the characters that JSON need not escape but that act on a terminal (DEL, C1,
/// bidirectional controls, ...).
std::string escape_json(std::string json);

/// Columns that escaped text takes on a terminal: 0 for combining marks, 2 for wide East Asian characters and emoji.
Index display_width(std::string_view escaped);

/// Escaped text cut to at most `columns` columns, the last one `…` where something was cut; never inside a character.
std::string shorten(std::string_view escaped, Index columns);

}  // namespace moelm
