// JSON files that end with a checksum of their text, so that any changed byte is noticed.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "io/json.hpp"

namespace moelm {

/// Whether each key's value is written on one line, for files that programs read, or indented over several.
enum class SealedLayout { one_line_a_key, indented };

/// The text of an object with `"checksum"` as its last key: the SHA-256 of the text that the object has without it.
std::string sealed_json_text(const Json& object, SealedLayout layout = SealedLayout::one_line_a_key);

/// Parses such a text and compares its checksum; `name` appears in error messages.
Json parse_sealed_json(std::string_view text, std::string_view name, const JsonLimits& limits = {});

/// Refuses a document of another format, or of another version with Error(exit). `remedy` tells what to do with one of
/// an earlier version.
void require_format(const JsonField& root, std::string_view format, Index version, std::string_view remedy,
                    Exit exit = Exit::bad_data);

/// Refuses what is not an object, and keys that are not among `known` (the checksum is always known).
void refuse_unknown_keys(const JsonField& object, std::initializer_list<std::string_view> known);

}  // namespace moelm
