// A typed output path: new and own files are written whole, others are kept, pipes and devices are written into.
#include "io/output_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "base/error.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"

using namespace moelm;

namespace {

constexpr OutputKind kKind = {"a page of ours", "<page>", "made by us"};
const std::string kOurs = "<page>" + std::string(200'000, 'x') + "made by us";

void put(const std::string& path, const std::string& text, bool force = false) {
  OutputFile file(path, kKind, force);
  for (std::size_t i = 0; i < text.size(); i += 1000) file.write(std::string_view(text).substr(i, 1000));
  file.finish();
}

std::vector<std::string> names_in(const TemporaryDirectory& directory) { return list_directory(directory.path()); }

}  // namespace

TEST_CASE("a new file, an empty one and an earlier output of the same kind are written; a mode is kept") {
  const TemporaryDirectory directory;
  const std::string path = directory / "page";
  put(path, kOurs);
  CHECK(get_file(path) == kOurs);
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  put(path, "<page>made by us, newer");
  CHECK(get_file(path) == "<page>made by us, newer");
  CHECK((std::filesystem::status(path).permissions() & std::filesystem::perms::all) ==
        static_cast<std::filesystem::perms>(0640));
  put_file(directory / "empty", "");
  put(directory / "empty", kOurs);
  CHECK(get_file(directory / "empty") == kOurs);
  CHECK(names_in(directory) == std::vector<std::string>{"empty", "page"});
}

TEST_CASE("a file that is not ours is kept, and refused before the work, unless force is given", "[output]") {
  const TemporaryDirectory directory;
  for (const std::string& text : std::vector<std::string>{"my thesis", "<page>my own", "made by us", "{}"}) {
    const std::string path = directory / "other";
    put_file(path, text);
    const auto open = [&] { OutputFile(path, kKind, false); };
    CHECK(error_exit(open) == Exit::cannot_create);
    CHECK(error_text(open) == path +
                                  ": expected a new file or a page of ours, found another file, which is kept; give " +
                                  "another name, or --force");
    CHECK(get_file(path) == text);
  }
  put(directory / "other", kOurs, true);
  CHECK(get_file(directory / "other") == kOurs);
  for (const std::string& path : {directory.path(), directory / "none/page", directory / "page/", std::string()})
    CHECK(error_exit([&] { OutputFile(path, kKind, true); }) == Exit::cannot_create);
  CHECK(names_in(directory) == std::vector<std::string>{"other"});
}

TEST_CASE("links are followed and stay links; one that leads nowhere is refused") {
  const TemporaryDirectory directory;
  put_file(directory / "target", "<page>made by us");
  std::filesystem::create_symlink("target", directory / "link");
  std::filesystem::create_symlink("nowhere", directory / "dangling");
  put(directory / "link", kOurs);
  CHECK(std::filesystem::is_symlink(directory / "link"));
  CHECK(get_file(directory / "target") == kOurs);
  put_file(directory / "target", "my thesis");
  CHECK(error_exit([&] { OutputFile(directory / "link", kKind, false); }) == Exit::cannot_create);
  CHECK(error_exit([&] { OutputFile(directory / "dangling", kKind, true); }) == Exit::cannot_create);
  CHECK(names_in(directory) == std::vector<std::string>{"dangling", "link", "target"});
}

TEST_CASE("a pipe and a device are written into and stay what they are") {
  const TemporaryDirectory directory;
  const std::string path = directory / "pipe";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  std::string read;
  std::thread reader([&] { read = get_file(path); });
  put(path, kOurs);
  reader.join();
  CHECK(read == kOurs);
  CHECK(std::filesystem::is_fifo(path));
  put("/dev/null", kOurs);
  CHECK(std::filesystem::is_character_file("/dev/null"));
}

TEST_CASE("a pipe that nobody reads is an error, not a wait without end") {
  const TemporaryDirectory directory;
  const std::string path = directory / "pipe";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  CHECK(holds(error_text([&] { put(path, kOurs); }), "expected a program that reads the pipe"));
  CHECK(std::filesystem::is_fifo(path));
}

TEST_CASE("what is not finished leaves nothing, and a file that came meanwhile is kept") {
  const TemporaryDirectory directory;
  { OutputFile(directory / "page", kKind, false).write(std::string(3'000'000, 'x')); }
  CHECK(names_in(directory).empty());
  OutputFile file(directory / "page", kKind, false);
  file.write(kOurs);
  put_file(directory / "page", "my thesis");
  CHECK(error_exit([&] { file.finish(); }) == Exit::cannot_create);
  CHECK(get_file(directory / "page") == "my thesis");
}
