// A piece of a test that runs in a process of its own, to be killed.
#pragma once

#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

namespace moelm {

/// Runs `body(report)` in a child; what it reports arrives at the parent through a pipe, line by line.
class ChildProcess {
 public:
  template <class Body>
  explicit ChildProcess(const Body& body) {
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error("pipe failed");
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ == 0) {
      ::close(ends[0]);
      for (const int number : {SIGTERM, SIGINT, SIGUSR1, SIGHUP, SIGXCPU, SIGUSR2})
        ::signal(number, SIG_DFL);  // not the test program's
      int code = 99;
      try {
        code = body([&](const std::string& text) {
          if (::write(ends[1], (text + "\n").data(), text.size() + 1) < 0) ::_exit(98);
        });
      } catch (...) {
      }
      ::_exit(code);
    }
    ::close(ends[1]);
    pipe_ = ends[0];
  }
  ~ChildProcess() {
    if (pid_ > 0) finish(SIGKILL);
    ::close(pipe_);
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }

  /// The next line, "" when the child has ended.
  std::string line() {
    std::string text;
    for (char c; ::read(pipe_, &c, 1) == 1 && c != '\n';) text += c;
    return text;
  }

  /// Sends a signal (0: none), waits for the end, returns the status as a shell would: code, or 128 + signal.
  int finish(int number = 0) {
    if (number != 0) ::kill(pid_, number);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  pid_t pid_ = -1;
  int pipe_ = -1;
};

}  // namespace moelm
