// Text from files, gzip and pipes, whole or in blocks of any size.
#include "text/text_source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/gzip_bytes.hpp"
#include "support/random_bytes.hpp"
#include "support/temporary_directory.hpp"
#include "text/text_blocks.hpp"
#include "text/text_repair.hpp"

using namespace moelm;

namespace {

std::string read_all(TextSource& source, std::size_t step = 1000) {
  std::string text, piece(step, '\0');
  while (const std::size_t count = source.read_some(piece.data(), piece.size())) text.append(piece, 0, count);
  return text;
}

std::string read_path(const std::string& path, std::size_t step = 1000) {
  TextSource source = TextSource::open(path, {}, TextBytes::any);
  return read_all(source, step);
}

}  // namespace

TEST_CASE("plain files and gzip give the same text, whatever their names and whatever is asked for at a time") {
  const TemporaryDirectory folder;
  const std::string text = RandomBytes(2).bytes(5000) + std::string(200000, 'a');
  put_file(folder / "plain.gz", text);
  put_file(folder / "packed.txt", gzip_bytes(text));
  for (const std::size_t step : {1u, 7u, 4096u, 1000000u}) {
    CHECK(read_path(folder / "plain.gz", step) == text);
    CHECK(read_path(folder / "packed.txt", step) == text);
  }
  CHECK(TextSource::open(folder / "packed.txt", {}, TextBytes::any).packing() == Packing::gzip);
  CHECK(TextSource::open(folder / "plain.gz", {}, TextBytes::any).packing() == Packing::none);
}

TEST_CASE("a text in memory is read like a file, and again") {
  const std::string text = RandomBytes(3).bytes(9000);
  TextSource source = TextSource::of_text(text, "a name", TextBytes::any);
  CHECK(read_all(source, 7) == text);
  CHECK(read_all(source).empty());
  source.rewind();
  CHECK(read_all(source) == text);
  CHECK(source.name() == "a name");
  CHECK_FALSE(source.is_interactive());
  TextSource empty = TextSource::of_text("", "nothing");
  CHECK(read_all(empty).empty());
  CHECK(error_exit([] { TextSource::of_text(std::string("a\0b", 3), "bytes"); }) == Exit::bad_data);
}

TEST_CASE("short and empty files are text") {
  const TemporaryDirectory folder;
  for (const std::string text : {"", "a", "\x1F",
                                 "\x1F"
                                 "a",
                                 "ab"}) {
    put_file(folder / "f", text);
    CHECK(read_path(folder / "f") == text);
  }
  CHECK(read_path("/dev/null").empty());
}

TEST_CASE("gzip members follow each other, empty ones and zero padding too") {
  const TemporaryDirectory folder;
  put_file(folder / "f.gz", gzip_bytes("one ") + gzip_bytes("") + gzip_bytes("two") + std::string(1000, '\0'));
  CHECK(read_path(folder / "f.gz") == "one two");
  put_file(folder / "empty.gz", gzip_bytes(""));
  CHECK(read_path(folder / "empty.gz").empty());
}

TEST_CASE("damaged gzip is refused by name, with the offset in the text") {
  const TemporaryDirectory folder;
  const std::string packed = gzip_bytes(RandomBytes(5).bytes(3000));
  const auto message = [&](const std::string& bytes) {
    put_file(folder / "f.gz", bytes);
    const auto action = [&] { read_path(folder / "f.gz"); };
    CHECK(error_exit(action) == Exit::bad_data);
    return error_text(action);
  };
  CHECK(holds(message(packed.substr(0, packed.size() - 1)), "f.gz: uncompressed offset 3000"));
  CHECK(holds(message(packed.substr(0, 1000)), "found the end of the file"));
  CHECK(holds(message(packed + "garbage"), "expected gzip data"));
  std::string flipped = packed;
  flipped[packed.size() - 6] = static_cast<char>(flipped[packed.size() - 6] ^ 1);
  CHECK(holds(message(flipped), "found damage"));
}

TEST_CASE("what is not there, or not text, is refused") {
  const TemporaryDirectory folder;
  CHECK(error_exit([&] { TextSource::open(folder / "none"); }) == Exit::missing_input);
  CHECK(error_exit([&] { TextSource::open(folder.path()); }) == Exit::bad_data);
  CHECK(holds(error_text([&] { TextSource::open(folder.path()); }), "found a directory"));
  CHECK(error_exit([] { TextSource::open("/dev/zero"); }) == Exit::bad_data);
}

TEST_CASE("a pipe is copied so that it can be read twice, and leaves no file behind") {
  const TemporaryDirectory folder;
  const std::string text = RandomBytes(9).bytes(300000);
  for (const std::string& sent : {text, gzip_bytes(text)}) {
    REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
    std::thread writer([&] { put_file(folder / "pipe", sent); });
    TextSource source = TextSource::open_rewindable(folder / "pipe", folder.path(), {}, TextBytes::any);
    writer.join();
    CHECK(source.is_copy());
    CHECK(read_all(source) == text);
    source.rewind();
    CHECK(read_all(source) == text);
    std::filesystem::remove(folder / "pipe");
    CHECK(std::filesystem::is_empty(folder.path()));
  }
}

TEST_CASE("waiting for a pipe ends on request") {
  const TemporaryDirectory folder;
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  const int writer = ::open((folder / "pipe").c_str(), O_RDWR);  // keeps the pipe open and silent
  REQUIRE(::write(writer, "ab", 2) == 2);
  int asked = 0;
  CHECK(error_exit([&] { TextSource::open_rewindable(folder / "pipe", folder.path(), [&] { return ++asked > 2; }); }) ==
        Exit::stopped);
  ::close(writer);
}

TEST_CASE("a pipe that falls silent after its first bytes is left on request too, in every read") {
  const TemporaryDirectory folder;
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  for (const std::string& start :
       {std::string("\x1F"), std::string("\x1F\x8B\x08\0\0\0\0\0\0\x03", 10), std::string("text")}) {
    const int both = ::open((folder / "pipe").c_str(), O_RDWR);
    REQUIRE(::write(both, start.data(), start.size()) == static_cast<ssize_t>(start.size()));
    int asked = 0;
    const auto stop = [&] { return ++asked > 3; };
    REQUIRE(error_exit([&] {
              TextSource source = TextSource::open(folder / "pipe", stop);
              read_all(source);
            }) == Exit::stopped);
    ::close(both);
  }
}

TEST_CASE("blocks of any size hold the text in order and never cut a character") {
  const TemporaryDirectory folder;
  RandomBytes random(11);
  for (int round = 0; round < 60; ++round) {
    std::string text;
    while (text.size() < 300) {
      const char* const parts[] = {"word", " ", "\n", "é", "漢", "👍", "\xFF", "\xE2\x82", "\r\n", "longlonglonglong"};
      text += parts[random.below(10)];
    }
    put_file(folder / "f", text);
    TextFaults whole_faults;
    std::string buffer;
    const std::string repaired(repair_text(text, buffer, whole_faults));
    for (Index size = 4; size < 340; size = size < 40 ? size + 1 : size + 23) {
      TextSource source = TextSource::open(folder / "f");
      TextBlockReader reader(source, {}, size);
      TextBlock block;
      std::string joined, joined_repaired;
      TextFaults faults;
      bool ended = false;
      while (reader.next(block)) {
        REQUIRE_FALSE(ended);
        REQUIRE(block.offset == static_cast<Index>(joined.size()));
        REQUIRE(static_cast<Index>(block.bytes.size()) <= size);
        joined += block.bytes;
        joined_repaired += repair_text(block.bytes, buffer, faults);
        ended = block.ends_part;
      }
      REQUIRE(ended);
      REQUIRE(joined == text);
      // CR LF may be cut between the two where a line fills a block; all else is the same for every size.
      std::string without_returns, expected;
      std::remove_copy(joined_repaired.begin(), joined_repaired.end(), std::back_inserter(without_returns), '\r');
      std::remove_copy(repaired.begin(), repaired.end(), std::back_inserter(expected), '\r');
      REQUIRE(without_returns == expected);
      REQUIRE(faults.malformed == whole_faults.malformed);
    }
  }
}

TEST_CASE("blocks end at the cuts that are asked for") {
  const TemporaryDirectory folder;
  put_file(folder / "f", "aaa\nbbb\nccc\nddd\n");
  TextSource source = TextSource::open(folder / "f");
  TextBlockReader reader(source, {4, 12}, 64);
  TextBlock block;
  std::vector<std::string> parts(3);
  std::vector<bool> ends;
  while (reader.next(block)) {
    parts.at(static_cast<std::size_t>(block.part)) += block.bytes;
    ends.push_back(block.ends_part);
  }
  CHECK(parts == std::vector<std::string>{"aaa\n", "bbb\nccc\n", "ddd\n"});
  CHECK(ends == std::vector<bool>{true, true, true});
}

TEST_CASE("an empty text is one empty block") {
  TextSource source = TextSource::open("/dev/null");
  TextBlockReader reader(source);
  TextBlock block;
  REQUIRE(reader.next(block));
  CHECK(block.bytes.empty());
  CHECK(block.ends_part);
  CHECK_FALSE(reader.next(block));
}

TEST_CASE("text is cut after a line, else before white space, else between characters") {
  CHECK(text_cut("ab\ncd\nef") == 6);
  CHECK(text_cut("ab cd  ef") == 5);
  CHECK(text_cut("  abcdef") == 8);
  CHECK(text_cut("abc\xE2\x82") == 3);
  CHECK(text_cut("abc\xE2\x82\xAC") == 6);
  CHECK(text_cut("a") == 1);
}
