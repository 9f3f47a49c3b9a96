// What a file is according to its first bytes: compressed text, plain text, or another format, which is refused with
// the way to make text of it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace moelm {

enum class Packing { none, gzip, xz, bzip2, zstd };

/// What the reader of a text accepts.
enum class TextBytes {
  utf8,  ///< UTF-8: other encodings and binary data are refused
  any,   ///< all bytes, except files with the signature of another format
};

/// The number of bytes that are examined.
inline constexpr std::size_t kTextStartBytes = 4096;

/// How a file that starts with these bytes is compressed.
Packing packing_of(std::string_view start);

/// Whether these few bytes may be the beginning of a known signature.
bool may_become_signature(std::string_view start);

/// Error(bad_data) if a file that starts with these bytes is not text. It names the format and how to make text of
/// it. `name` appears in error messages.
void require_text(std::string_view start, TextBytes bytes, const std::string& name);

}  // namespace moelm
