#include "text/text_kind.hpp"

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/index.hpp"

namespace moelm {

namespace {

using namespace std::string_view_literals;

struct PackedSignature {
  std::string_view bytes;
  Packing packing;
};

constexpr std::array<PackedSignature, 5> kPacked = {{{"\x1f\x8b"sv, Packing::gzip},
                                                     {"\xfd"
                                                      "7zXZ\0"sv,
                                                      Packing::xz},
                                                     {"\x28\xb5\x2f\xfd"sv, Packing::zstd},
                                                     // After "BZh" and a digit: a block, or the end of an empty stream.
                                                     {"1AY&SY"sv, Packing::bzip2},
                                                     {"\x17\x72\x45\x38\x50\x90"sv, Packing::bzip2}}};
constexpr std::string_view kBzip2 = "BZh";

struct Signature {
  std::string_view bytes;
  std::string_view what;
  std::string_view hint;  ///< how to make text of such a file
  std::size_t offset = 0;
};

constexpr std::string_view kZipHint =
    "a document (docx, odt, epub): convert it to plain text, e.g. pandoc -t plain; an archive: unzip -p";
constexpr std::string_view kOfficeHint = "convert it: libreoffice --headless --convert-to txt:Text";
constexpr std::string_view kNoText = "it holds no text";

constexpr std::array<Signature, 18> kForeign = {{
    {"%PDF-"sv, "a PDF", "convert it: pdftotext FILE -"},
    {"PK\x03\x04"sv, "a zip file", kZipHint},
    {"PK\x05\x06"sv, "an empty zip file", kZipHint},
    {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"sv, "an old Microsoft Office document", kOfficeHint},
    {"{\\rtf"sv, "an RTF document", kOfficeHint},
    {"7z\xbc\xaf\x27\x1c"sv, "a 7z archive", "unpack it: 7z e -so"},
    {"Rar!\x1a\x07"sv, "a rar archive", "unpack it: unrar p -inul"},
    {"\x04\x22\x4d\x18"sv, "lz4 data", "unpack it: lz4 -dc"},
    {"\x1f\x9d"sv, "data of compress", "unpack it: zcat"},
    {"LZIP\x01"sv, "lzip data", "unpack it: lzip -dc"},
    {"ustar"sv, "a tar archive", "unpack it: tar -xOf", 257},
    {"\x7f"
     "ELF"sv,
     "a program", kNoText},
    {"\x89PNG\r\n"sv, "a PNG image", kNoText},
    {"\xff\xd8\xff"sv, "a JPEG image", kNoText},
    {"GIF89a"sv, "a GIF image", kNoText},
    {"SQLite format 3\0"sv, "an SQLite database", "select the text: sqlite3 FILE"},
    {"\x89HDF\r\n"sv, "an HDF5 file", kNoText},
    {"moeshard"sv, "a shard of a data folder", "name the folder with --data"},
}};

bool holds_at(std::string_view start, std::string_view bytes, std::size_t offset) {
  return start.size() >= offset + bytes.size() && start.substr(offset, bytes.size()) == bytes;
}

bool is_proper_start(std::string_view start, std::string_view bytes) {
  return start.size() < bytes.size() && bytes.starts_with(start);
}

/// The encoding that a byte order mark or regular NUL bytes indicate, or nothing.
std::string_view foreign_encoding(std::string_view start) {
  if (start.starts_with("\xff\xfe\0\0"sv) || start.starts_with("\0\0\xfe\xff"sv)) return "UTF-32";
  if (start.starts_with("\xff\xfe"sv) || start.starts_with("\xfe\xff"sv)) return "UTF-16";
  if (start.size() < 4) return {};
  std::array<std::size_t, 4> zeros{};
  for (std::size_t i = 0; i < start.size(); ++i) zeros[i % 4] += start[i] == '\0' ? 1 : 0;
  const std::size_t each = start.size() / 4, many = std::max<std::size_t>(1, each / 2), few = each / 8;
  if (zeros[1] >= many && zeros[2] >= many && zeros[3] >= many && zeros[0] <= few) return "UTF-32LE";
  if (zeros[0] >= many && zeros[1] >= many && zeros[2] >= many && zeros[3] <= few) return "UTF-32BE";
  if (zeros[1] >= many && zeros[3] >= many && zeros[0] + zeros[2] <= few) return "UTF-16LE";
  if (zeros[0] >= many && zeros[2] >= many && zeros[1] + zeros[3] <= few) return "UTF-16BE";
  return {};
}

[[noreturn]] void refuse(const std::string& name, std::size_t offset, std::string_view expected, std::string_view found,
                         const std::string& hint) {
  throw Error(Exit::bad_data, name + ": offset " + std::to_string(offset) + ": expected " + std::string(expected) +
                                  ", found " + std::string(found) + "; " + hint);
}

}  // namespace

Packing packing_of(std::string_view start) {
  const bool bzip2 = start.starts_with(kBzip2) && start.size() > kBzip2.size();
  for (const PackedSignature& signature : kPacked) {
    if (signature.packing == Packing::bzip2 ? bzip2 && holds_at(start, signature.bytes, kBzip2.size() + 1)
                                            : start.starts_with(signature.bytes))
      return signature.packing;
  }
  return Packing::none;
}

bool may_become_signature(std::string_view start) {
  if (start.empty() || is_proper_start(start, kBzip2)) return true;
  for (const PackedSignature& signature : kPacked) {
    if (signature.packing != Packing::bzip2 && is_proper_start(start, signature.bytes)) return true;
    if (signature.packing == Packing::bzip2 && start.starts_with(kBzip2) &&
        (start.size() <= kBzip2.size() + 1 || is_proper_start(start.substr(kBzip2.size() + 1), signature.bytes)))
      return true;
  }
  return std::any_of(kForeign.begin(), kForeign.end(), [&](const Signature& signature) {
    return signature.offset == 0 && is_proper_start(start, signature.bytes);
  });
}

void require_text(std::string_view start, TextBytes bytes, const std::string& name) {
  for (const Signature& signature : kForeign)
    if (holds_at(start, signature.bytes, signature.offset))
      refuse(name, signature.offset, "plain text", signature.what, std::string(signature.hint));
  if (bytes == TextBytes::any) return;
  if (const std::string_view encoding = foreign_encoding(start); !encoding.empty())
    refuse(name, 0, "UTF-8", encoding, "convert it: iconv -f " + std::string(encoding) + " -t UTF-8");
  if (const std::size_t zero = start.find('\0'); zero != std::string_view::npos)
    refuse(name, zero, "plain text", "a NUL byte, as binary files have",
           "convert it to text, or use --tokenizer byte for bytes of any kind");
}

}  // namespace moelm
