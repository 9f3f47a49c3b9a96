// The one place where text of strangers becomes harmless: on a terminal, in HTML, in JSON.
#pragma once

#include <string>
#include <string_view>

#include "base/index.hpp"

namespace moelm {

/// Text for a terminal, a log or a tab-separated field. The result is one line of valid UTF-8 and gives back the
/// original: control characters, invisible and bidirectional controls become `\n`, `\t`, `\r`, `\u{202e}`; bytes that
/// are not UTF-8 become `\x9b`; a backslash is doubled. Thread-safe, as is all below.
std::string escape_terminal(std::string_view text);

/// A field of a tab-separated file: as escape_terminal, and a quotation mark at its beginning is `\u{22}`, because
/// readers of tables (pandas, R, spreadsheets) take it for the start of a quoted field.
std::string escape_field(std::string_view text);

/// Text of several lines that is ready for a terminal but for what was forgotten: as escape_terminal, but line ends,
/// tabs and backslashes stay, so that what is escaped already stays as it is.
std::string escape_lines(std::string_view text);

/// escape_terminal, then & < > " ' as entities: safe between tags and inside quoted attributes.
std::string escape_html(std::string_view text);

/// Valid UTF-8: bytes that are not become `\x9b`, all else stays. For JSON, whose writer escapes the rest.
std::string to_valid_utf8(std::string_view text);

/// Bytes of any kind, as names of files are, as valid UTF-8 that gives them back: what is not UTF-8 becomes `\x9b`, a
/// backslash is doubled, all else stays.
std::string escape_bytes(std::string_view bytes);
/// What escape_bytes() was given; a backslash that it would not have written stays.
std::string unescape_bytes(std::string_view text);

/// JSON text in which the acting characters that JSON lets pass (DEL, C1, bidirectional controls, ...) are \uXXXX too:
/// the same document, harmless on a terminal.
std::string escape_json(std::string json);

/// Columns that escaped text takes on a terminal: 0 for combining marks, 2 for wide East Asian characters and emoji.
Index display_width(std::string_view escaped);

/// Escaped text cut to at most `columns` columns, the last one `…` where something was cut; never inside a character.
std::string shorten(std::string_view escaped, Index columns);

}  // namespace moelm
