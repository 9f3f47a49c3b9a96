#include "base/threads.hpp"

#include <string>
#include <system_error>
#include <utility>

#include "base/error.hpp"

namespace moelm {

namespace {

constexpr const char* kHint =
    "raise the limit of processes (ulimit -u, pids.max) or of memory, lower that of stacks (ulimit -s), or use fewer "
    "--threads";

}  // namespace

std::thread start_thread(std::string_view purpose, std::function<void()> body) {
  try {
    return std::thread(std::move(body));
  } catch (const std::system_error& error) {
    throw Error(Exit::out_of_memory, "threads: expected one for " + std::string(purpose) +
                                         ", found none: " + error.code().message() + "; " + kHint);
  }
}

}  // namespace moelm
