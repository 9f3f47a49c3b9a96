// Files are read whole or refused, replaced whole or not at all, and every failing call is told with its path.
#include "io/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"

using namespace moelm;

namespace {

// Interrupts every third call and moves at most three bytes at a time.
class Awkward : public FileSystem {
 public:
  ssize_t read(int d, void* bytes, std::size_t n) override { return awkward(n) ? FileSystem::read(d, bytes, n) : -1; }
  ssize_t write(int d, const void* bytes, std::size_t n) override {
    return awkward(n) ? FileSystem::write(d, bytes, n) : -1;
  }
  ssize_t pread(int d, void* bytes, std::size_t n, off_t o) override {
    return awkward(n) ? FileSystem::pread(d, bytes, n, o) : -1;
  }

 private:
  bool awkward(std::size_t& count) {
    count = std::min<std::size_t>(count, 3);
    errno = EINTR;
    return ++calls_ % 3 != 0;
  }
  int calls_ = 0;
};

// Fails the n-th call that changes something.
class Failing : public FileSystem {
 public:
  Failing(int when, int error) : left_(when), error_(error) {}
  bool reached() const { return left_ <= 0; }
  int open(const char* path, int flags, mode_t mode) override {
    return now() ? -1 : FileSystem::open(path, flags, mode);
  }
  ssize_t write(int d, const void* b, std::size_t n) override { return now() ? -1 : FileSystem::write(d, b, n); }
  int fsync(int d) override { return now() ? -1 : FileSystem::fsync(d); }
  int rename(const char* from, const char* to) override { return now() ? -1 : FileSystem::rename(from, to); }

 private:
  bool now() {
    errno = error_;
    return --left_ == 0;
  }
  int left_;
  int error_;
};

}  // namespace

TEST_CASE("a file is read whole, up to the limit") {
  TemporaryDirectory directory;
  put_file(directory / "a", std::string("x\0y", 3));
  REQUIRE(read_file(directory / "a", 3) == std::string("x\0y", 3));
  REQUIRE(error_exit([&] { read_file(directory / "a", 2); }) == Exit::bad_data);
  REQUIRE(error_exit([&] { read_file(directory / "none", 2); }) == Exit::missing_input);
}

TEST_CASE("directories, devices, pipes and, on demand, links are refused") {
  TemporaryDirectory directory;
  put_file(directory / "a", "text");
  std::filesystem::create_symlink("a", directory / "link");
  REQUIRE(::mkfifo((directory / "pipe").c_str(), 0600) == 0);
  REQUIRE(error_exit([&] { File::open_read(directory.path()); }) == Exit::bad_data);
  REQUIRE(error_exit([&] { File::open_read(directory / "pipe"); }) == Exit::bad_data);
  REQUIRE(error_exit([&] { File::open_read("/dev/zero"); }) == Exit::bad_data);
  REQUIRE(error_exit([&] { File::open_read(directory / "link", Links::refuse); }) == Exit::bad_data);
  REQUIRE(read_file(directory / "link", 10) == "text");
}

TEST_CASE("only a regular file is appended to, and a pipe is not waited for, with a reader or without") {
  const TemporaryDirectory directory;
  REQUIRE(::mkfifo((directory / "pipe").c_str(), 0600) == 0);
  std::filesystem::create_symlink("file", directory / "link");
  const auto append = [&](const std::string& path) { return error_exit([&] { File::open_append(path); }); };
  REQUIRE(append(directory / "pipe") == Exit::bad_data);
  const int reader = ::open((directory / "pipe").c_str(), O_RDONLY | O_NONBLOCK);
  REQUIRE(append(directory / "pipe") == Exit::bad_data);
  ::close(reader);
  REQUIRE(append(directory / "link") == Exit::bad_data);
  REQUIRE(append("/dev/null") == Exit::bad_data);
  File file = File::open_append(directory / "file");
  file.write_all("text");
  file.close();
  REQUIRE(get_file(directory / "file") == "text");
}

TEST_CASE("interrupted and short calls change nothing") {
  TemporaryDirectory directory;
  Awkward awkward;
  const std::string text = "The quick brown fox jumps over the lazy dog.";
  write_file_atomic(directory / "a", text, awkward);
  REQUIRE(get_file(directory / "a") == text);
  REQUIRE(read_file(directory / "a", 100, Links::refuse, awkward) == text);
  File file = File::open_read(directory / "a", Links::refuse, awkward);
  std::string read;
  char piece[16];
  while (const std::size_t n = file.read_some(piece, sizeof piece)) read.append(piece, n);
  REQUIRE(read == text);
}

TEST_CASE("replacing a file leaves the old or the new content whichever call fails, and nothing beside it") {
  int failures = 0;
  for (const int error : {EIO, ENOSPC, EACCES, EMFILE}) {
    for (int when = 1;; ++when) {
      TemporaryDirectory directory;
      put_file(directory / "a", "old");
      Failing fs(when, error);
      const Exit exit = error_exit([&] { write_file_atomic(directory / "a", "new", fs); });
      REQUIRE(list_directory(directory.path()) == std::vector<std::string>{"a"});
      const std::string content = get_file(directory / "a");
      REQUIRE((content == "old" || content == "new"));
      if (exit == Exit::ok) REQUIRE(content == "new");
      if (!fs.reached()) break;
      REQUIRE(exit != Exit::ok);
      ++failures;
    }
  }
  REQUIRE(failures == 4 * 6);  // create, write, sync, rename, open directory, sync directory
}

TEST_CASE("nothing is overwritten by creating") {
  TemporaryDirectory directory;
  put_file(directory / "a", "old");
  REQUIRE(error_exit([&] { File::create(directory / "a"); }) == Exit::cannot_create);
  REQUIRE(error_exit([&] { File::create(directory / "no/a"); }) == Exit::cannot_create);
  put_file(directory / "b", "other");
  REQUIRE_FALSE(rename_no_replace(directory / "b", directory / "a"));
  REQUIRE(get_file(directory / "a") == "old");
  REQUIRE(rename_no_replace(directory / "b", directory / "c"));
}

TEST_CASE("a file system without renameat2 still renames, and still does not replace") {
  struct Old : FileSystem {
    int rename_no_replace(const char*, const char*) override {
      errno = EINVAL;
      return -1;
    }
  } old;
  TemporaryDirectory directory;
  put_file(directory / "a", "1");
  put_file(directory / "b", "2");
  REQUIRE_FALSE(rename_no_replace(directory / "b", directory / "a", old));
  REQUIRE(rename_no_replace(directory / "b", directory / "c", old));
  REQUIRE(get_file(directory / "a") + get_file(directory / "c") == "12");
}

TEST_CASE("directories are created with their parents") {
  TemporaryDirectory directory;
  make_directories(directory / "x/y/z");
  REQUIRE(is_directory(directory / "x/y/z"));
  put_file(directory / "file", "1");
  REQUIRE(error_exit([&] { make_directories(directory / "file/y"); }) == Exit::cannot_create);
}

TEST_CASE("paths are put together and taken apart") {
  REQUIRE(join_path("a", "b") == "a/b");
  REQUIRE(join_path("a/", "b") == "a/b");
  REQUIRE(parent_path("a/b") == "a");
  REQUIRE(parent_path("a/b/") == "a");
  REQUIRE(parent_path("b") == ".");
  REQUIRE(parent_path("/b") == "/");
}

TEST_CASE("names out of files cannot leave their directory") {
  REQUIRE(is_plain_name("train-00000.shard"));
  for (const char* name : {"", ".", "..", "../x", "a/b", "/etc/passwd", ".hidden", "a\nb", "a b", "\x1b[31m", "é"})
    REQUIRE_FALSE(is_plain_name(name));
  REQUIRE_FALSE(is_plain_name(std::string(129, 'a')));
  REQUIRE_FALSE(is_plain_name(std::string_view("a\0b", 3)));
}
