#include "common/main_guard.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <new>
#include <string>
#include <string_view>
#include <system_error>

#include "base/error.hpp"
#include "base/escape.hpp"
#include "common/output.hpp"
#include "common/standard_output.hpp"

namespace moelm {

namespace {

int fail(Exit exit, std::string_view message) {
  std::cout.flush();
  std::fprintf(stderr, "error: %s\n", escape_terminal(message).c_str());
  return static_cast<int>(exit);
}

/// Prints one line about the exception in flight and returns the exit code.
int report_exception() {
  try {
    throw;
  } catch (const Error& e) {
    return fail(e.exit(), e.what());
  } catch (const std::bad_alloc&) {
    // Nothing here may allocate.
    std::fputs("error: memory: the system gave no more; use a smaller model or batch, or raise the limit\n", stderr);
    return static_cast<int>(Exit::out_of_memory);
  } catch (const std::filesystem::filesystem_error& e) {
    return fail(Exit::io, e.path1().string() + ": " + e.code().message());
  } catch (const std::system_error& e) {
    // The standard library throws this where no thread can be made.
    const bool scarce = e.code() == std::errc::resource_unavailable_try_again;
    return fail(scarce ? Exit::out_of_memory : Exit::io, e.what());
  } catch (const std::exception& e) {
    return fail(Exit::internal,
                std::string("internal: ") + e.what() + "; this is a bug of the program, please report it");
  }
}

}  // namespace

int main_guard(const std::function<int()>& program, ClosedPipe closed_pipe) {
  set_up_process(closed_pipe);
  const StandardOutput output(std::cout, STDOUT_FILENO);
  int code = 0;
  try {
    code = program();
  } catch (const OutputRefused&) {
    // The cause is told below, if it is known.
    if (output.error() == 0) code = fail(Exit::io, "standard output: could not be written");
  } catch (...) {
    code = report_exception();
  }
  std::cout.flush();
  // A reader that left has what it wanted.
  if (output.error() != 0 && output.error() != EPIPE && code == 0)
    return fail(Exit::io, "standard output: write: " + std::generic_category().message(output.error()));
  return code;
}

}  // namespace moelm
