// What a file is by its first bytes: packed text, plain text, or something else that is refused with a way out.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace moelm {

enum class Packing { none, gzip, xz, bzip2, zstd };

/// What the reader of a text takes.
enum class TextBytes {
  utf8,  ///< UTF-8: other encodings and binary data are refused
  any,   ///< whatever bytes there are, but for files whose kind is known by their signature
};

/// How many bytes at the start of a text are looked at.
inline constexpr std::size_t kTextStartBytes = 4096;

/// How a file that starts with these bytes is packed.
Packing packing_of(std::string_view start);

/// Whether more bytes may make these few a signature that is looked for.
bool may_become_signature(std::string_view start);

/// Error(bad_data) where a text that starts with these bytes is none: it names what was found and how to make text of
/// it. `name` is what errors call the file.
void require_text(std::string_view start, TextBytes bytes, const std::string& name);

}  // namespace moelm
