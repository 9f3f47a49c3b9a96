#include "common/main_guard.hpp"

#include <cerrno>
#include <csignal>
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

namespace moelm {

namespace {

int fail(Exit exit, std::string_view message) {
  std::cout.flush();
  std::fprintf(stderr, "error: %s\n", escape_terminal(message).c_str());
  return static_cast<int>(exit);
}

/// One line of what went wrong, for whatever is being thrown.
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
    return fail(Exit::io, e.what());
  } catch (const std::exception& e) {
    return fail(Exit::internal,
                std::string("internal: ") + e.what() + "; this is a bug of the program, please report it");
  }
}

}  // namespace

int main_guard(const std::function<int()>& program, ClosedPipe closed_pipe) {
  std::signal(SIGPIPE, closed_pipe == ClosedPipe::is_ignored ? SIG_IGN : SIG_DFL);
  int code = 0;
  try {
    code = program();
  } catch (...) {
    code = report_exception();
  }
  errno = 0;
  std::cout.flush();
  const bool closed = errno == EPIPE || closed_pipe == ClosedPipe::is_ignored;
  if (!std::cout && !closed && code == 0) return fail(Exit::io, "standard output: could not be written");
  return code;
}

}  // namespace moelm
