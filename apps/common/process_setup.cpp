#include "common/process_setup.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

namespace moelm {

namespace {

void open_if_closed(int descriptor, int flags) {
  if (::fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) return;
  // open() takes the lowest free number, and all lower ones are open by now.
  if (::open("/dev/null", flags) != descriptor) std::abort();
}

}  // namespace

void set_up_process(ClosedPipe closed_pipe) {
  open_if_closed(STDIN_FILENO, O_WRONLY);
  open_if_closed(STDOUT_FILENO, O_RDONLY);
  open_if_closed(STDERR_FILENO, O_RDONLY);
  std::signal(SIGXFSZ, SIG_IGN);
  std::signal(SIGPIPE, closed_pipe == ClosedPipe::is_ignored ? SIG_IGN : SIG_DFL);
}

}  // namespace moelm
