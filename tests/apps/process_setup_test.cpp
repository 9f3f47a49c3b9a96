// The process setup of every program, and failing writes to standard output.
#include "common/process_setup.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <thread>

#include "base/error.hpp"
#include "base/instruction_set.hpp"
#include "common/main_guard.hpp"
#include "common/standard_output.hpp"
#include "support/catch.hpp"
#include "support/child_process.hpp"
#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"

using namespace moelm;

namespace {

/// The exit code of a program that prints `text` to a descriptor opened by `open`, in a process of its own.
template <class Open>
int code_of_printing(const std::string& text, const Open& open) {
  ChildProcess child([&](const auto&) {
    ::dup2(open(), STDOUT_FILENO);
    return main_guard([&] {
      std::cout << text;
      return 0;
    });
  });
  return child.finish();
}

}  // namespace

TEST_CASE("whatever standard descriptors are closed, a file of ours gets none of their numbers") {
  for (int closed = 1; closed < 8; ++closed) {
    ChildProcess child([&](const auto&) {
      for (int descriptor = 0; descriptor < 3; ++descriptor)
        if ((closed >> descriptor & 1) != 0) ::close(descriptor);
      set_up_process(ClosedPipe::ends_program);
      const int file = ::open("/dev/null", O_RDWR);
      if (file <= STDERR_FILENO) return 1;
      char byte = 0;
      if ((closed & 1) != 0 && ::read(STDIN_FILENO, &byte, 1) >= 0) return 2;
      if ((closed & 2) != 0 && ::write(STDOUT_FILENO, &byte, 1) >= 0) return 3;
      if ((closed & 4) != 0 && ::write(STDERR_FILENO, &byte, 1) >= 0) return 4;
      return 0;
    });
    CAPTURE(closed);
    CHECK(child.finish() == 0);
  }
}

TEST_CASE("a file that reaches the size limit is an error of its write") {
  const TemporaryDirectory directory;
  ChildProcess child([&](const auto&) {
    set_up_process(ClosedPipe::ends_program);
    const rlimit limit{10, 10};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const int file = ::open((directory / "file").c_str(), O_WRONLY | O_CREAT, 0600);
    if (::write(file, "0123456789", 10) != 10) return 1;
    return ::write(file, "x", 1) < 0 && errno == EFBIG ? 0 : 2;
  });
  CHECK(child.finish() == 0);
}

TEST_CASE("output that cannot be written, or only a part of it, is 74; a reader that went away is not") {
  const std::string large(300000, 'x');
  for (const std::string& text : {std::string("short\n"), large}) {
    CAPTURE(text.size());
    CHECK(code_of_printing(text, [] { return ::open("/dev/null", O_WRONLY); }) == 0);
    CHECK(code_of_printing(text, [] { return ::open("/dev/null", O_RDONLY); }) == 74);
    if (std::filesystem::exists("/dev/full"))
      CHECK(code_of_printing(text, [] { return ::open("/dev/full", O_WRONLY); }) == 74);
  }
  const TemporaryDirectory directory;
  CHECK(code_of_printing(large, [&] {
          const rlimit limit{200000, 200000};
          ::setrlimit(RLIMIT_FSIZE, &limit);
          return ::open((directory / "part").c_str(), O_WRONLY | O_CREAT, 0600);
        }) == 74);
  ChildProcess ignoring([&](const auto&) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) return 1;
    ::close(ends[0]);
    ::dup2(ends[1], STDOUT_FILENO);
    return main_guard(
        [&] {
          std::cout << large;
          return 0;
        },
        ClosedPipe::is_ignored);
  });
  CHECK(ignoring.finish() == 0);
}

TEST_CASE("all of a long output arrives through a pipe that does not block") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  REQUIRE(::fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
  std::string expected;
  for (int i = 0; i < 60000; ++i) expected += std::to_string(i) + "\n";
  std::thread writer([&] {
    std::ostringstream stream;
    {
      StandardOutput output(stream, ends[1]);
      std::ostream& text = stream;
      for (int i = 0; i < 60000; ++i) text << i << "\n";
    }
    ::close(ends[1]);
  });
  std::string found;
  std::array<char, 1000> buffer{};
  for (ssize_t count; (count = ::read(ends[0], buffer.data(), buffer.size())) > 0;)
    found.append(buffer.data(), static_cast<std::size_t>(count));
  writer.join();
  ::close(ends[0]);
  const bool same = found == expected;
  CHECK(same);
}

TEST_CASE("MOELM_MAX_ISA lowers the choice, and what it cannot mean is said") {
  const auto in_child = [](const char* value, const auto& body) {
    ChildProcess child([&](const auto&) {
      ::setenv("MOELM_MAX_ISA", value, 1);
      return body() ? 0 : 1;
    });
    return child.finish() == 0;
  };
  const InstructionSet all = processor_instructions();
  CHECK(in_child("baseline",
                 [] { return chosen_instructions() == InstructionSet::baseline && instruction_note().empty(); }));
  CHECK(in_child("", [&] { return chosen_instructions() == all && instruction_note().empty(); }));
  CHECK(in_child("avx3", [&] {
    return chosen_instructions() == all && holds(instruction_note(), "expected avx512, avx2 or baseline, found avx3");
  }));
  CHECK(in_child("avx512", [&] {
    return chosen_instructions() == all && instruction_note().empty() == (all == InstructionSet::avx512);
  }));
}
