// Compressed texts, and files that are not text: known by their first bytes, read in bounded memory or refused by name.
#include <sys/stat.h>

#include <functional>
#include <thread>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/gzip_bytes.hpp"
#include "support/packed_bytes.hpp"
#include "support/peak_memory.hpp"
#include "support/random_bytes.hpp"
#include "support/temporary_directory.hpp"
#include "text/text_source.hpp"

using namespace moelm;

namespace {

struct Format {
  const char* name;
  Packing packing;
  std::function<std::string(const std::string&)> pack;
};

const std::vector<Format>& formats() {
  static const std::vector<Format> all = {{"gzip", Packing::gzip, gzip_bytes},
                                          {"xz", Packing::xz, xz_bytes},
                                          {"bzip2", Packing::bzip2, bzip2_bytes},
                                          {"zstd", Packing::zstd, zstd_bytes}};
  return all;
}

std::string read_path(const std::string& path, TextBytes bytes = TextBytes::any, std::size_t step = 1000) {
  TextSource source = TextSource::open(path, {}, bytes);
  std::string text, piece(step, '\0');
  while (const std::size_t count = source.read_some(piece.data(), piece.size())) text.append(piece, 0, count);
  return text;
}

/// What is said against a file of these bytes.
std::string refusal(const std::string& bytes, TextBytes kind = TextBytes::utf8) {
  const TemporaryDirectory folder;
  put_file(folder / "f", bytes);
  const auto action = [&] { read_path(folder / "f", kind); };
  CHECK(error_exit(action) == Exit::bad_data);
  return error_text(action);
}

std::string wide(const std::string& text, std::size_t width, std::size_t place) {
  std::string out;
  for (const char c : text)
    for (std::size_t i = 0; i < width; ++i) out += i == place ? c : '\0';
  return out;
}

}  // namespace

TEST_CASE("xz, bzip2 and zstd are read as gzip is, whatever the name, in streams that follow each other") {
  const TemporaryDirectory folder;
  const std::string text = RandomBytes(2).bytes(50'000) + std::string(200'000, 'a'), end = "the end\n";
  for (const Format& format : formats()) {
    INFO(format.name);
    put_file(folder / "f.txt", format.pack(text) + format.pack("") + format.pack(end) + std::string(1000, '\0'));
    for (const std::size_t step : {1u, 7u, 4096u, 1'000'000u})
      CHECK(read_path(folder / "f.txt", TextBytes::any, step) == text + end);
    CHECK(TextSource::open(folder / "f.txt", {}, TextBytes::any).packing() == format.packing);
    put_file(folder / "empty", format.pack(""));
    CHECK(read_path(folder / "empty").empty());
  }
}

TEST_CASE("a compressed pipe is read as a file is, and can be read twice") {
  const TemporaryDirectory folder;
  for (const Format& format : formats()) {
    INFO(format.name);
    REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
    std::thread writer([&] { put_file(folder / "pipe", format.pack("the cat\n")); });
    TextSource source = TextSource::open_rewindable(folder / "pipe", folder.path());
    writer.join();
    std::string text(100, '\0');
    for (int i = 0; i < 2; ++i) {
      CHECK(source.read_some(text.data(), text.size()) == 8);
      CHECK(source.read_some(text.data(), text.size()) == 0);
      source.rewind();
    }
    std::filesystem::remove(folder / "pipe");
  }
}

TEST_CASE("compressed texts that are cut off, damaged or followed by something else are refused with the place") {
  for (const Format& format : formats()) {
    INFO(format.name);
    const std::string packed = format.pack(RandomBytes(5).bytes(30'000));
    for (const std::size_t size : {packed.size() - 1, packed.size() / 2, std::size_t{20}}) {
      const std::string said = refusal(packed.substr(0, size), TextBytes::any);
      CHECK(holds(said, "f: uncompressed offset "));
      CHECK(holds(said, "found the end of the file"));
    }
    CHECK(holds(refusal(packed + "garbage that goes on", TextBytes::any), std::string("expected ") + format.name));
    std::string flipped = packed;
    flipped[packed.size() / 2] = static_cast<char>(flipped[packed.size() / 2] ^ 1);
    const std::string said = refusal(flipped, TextBytes::any);
    CHECK(holds(said, "uncompressed offset "));
    CHECK(holds(said, "found damage"));
  }
}

TEST_CASE("a bomb takes the memory of its buffers, whatever it is packed with") {
  const TemporaryDirectory folder;
  constexpr Index kBytes = Index{64} << 20;
  for (const Format& format : formats()) {
    INFO(format.name);
    put_file(folder / "bomb", format.pack(std::string(static_cast<std::size_t>(kBytes), ' ')));
    Index read = 0;
    const auto inflate = [&] {
      TextSource source = TextSource::open(folder / "bomb");
      std::vector<char> buffer(65'536);
      while (const std::size_t count = source.read_some(buffer.data(), buffer.size()))
        read += static_cast<Index>(count);
    };
    inflate();
    CHECK(read == kBytes);
    if (memory_is_ours()) CHECK(peak_growth(inflate) < Index{24} << 20);
  }
}

TEST_CASE("files of other formats are refused by their first bytes, with a way to make text of them") {
  const auto refused = [](const std::string& bytes, const std::string& what, const std::string& hint) {
    for (const TextBytes kind : {TextBytes::utf8, TextBytes::any})
      for (const std::string& stored : {bytes, gzip_bytes(bytes), xz_bytes(bytes)}) {
        const std::string said = refusal(stored, kind);
        INFO(said);
        CHECK(holds(said, what));
        CHECK(holds(said, hint));
      }
  };
  refused("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "offset 0: expected plain text, found a PDF", "pdftotext");
  refused(std::string("PK\x03\x04\x14\0\x06\0", 8) + "word/document.xml", "found a zip file", "unzip");
  refused("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1zzz", "Office", "libreoffice");
  refused("7z\xbc\xaf\x27\x1c....", "7z archive", "7z e");
  refused(std::string(257, 'x') + "ustar  ", "offset 257: expected plain text, found a tar archive", "tar -xOf");
  refused(
      "\x7f"
      "ELF\2\1\1",
      "a program", "no text");
  refused("\x89PNG\r\n\x1a\n", "PNG", "no text");
}

TEST_CASE("other encodings are named with the line that mends them; bytes of any kind stay bytes") {
  const std::string text = "It is a cat.\nIt sat.\n";
  const auto refused = [](const std::string& bytes, const std::string& encoding) {
    CHECK(holds(refusal(bytes), "found " + encoding + "; convert it: iconv -f " + encoding + " -t UTF-8"));
    CHECK(holds(refusal(gzip_bytes(bytes)), encoding));
    const TemporaryDirectory folder;
    put_file(folder / "f", bytes);
    CHECK(read_path(folder / "f", TextBytes::any) == bytes);
  };
  refused("\xff\xfe" + wide(text, 2, 0), "UTF-16");
  refused("\xfe\xff" + wide(text, 2, 1), "UTF-16");
  refused(std::string("\xff\xfe\0\0", 4) + wide(text, 4, 0), "UTF-32");
  refused(std::string("\0\0\xfe\xff", 4) + wide(text, 4, 3), "UTF-32");
  refused(wide(text, 2, 0), "UTF-16LE");
  refused(wide(text, 2, 1), "UTF-16BE");
  refused(wide(text, 4, 0), "UTF-32LE");
  refused(wide(text, 4, 3), "UTF-32BE");
  CHECK(holds(refusal(std::string("text\0more", 9)), "offset 4: expected plain text, found a NUL byte"));
}

TEST_CASE("texts that only begin like another format are text") {
  const TemporaryDirectory folder;
  for (const std::string text : {"B", "BZ", "BZh9", "BZh9 is how it begins", "PK", "P", "%PD", "(\xb5", "L", "\x1f",
                                 "7z", "\xef\xbb\xbf", "Rar", "moes"}) {
    put_file(folder / "f", text);
    CHECK(read_path(folder / "f", TextBytes::utf8) == text);
  }
}
