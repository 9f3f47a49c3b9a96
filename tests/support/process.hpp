// Programs run as a user runs them: arguments in, exit code and both outputs back, without a shell.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string>
#include <vector>

namespace moelm {

struct ProcessResult {
  int code = 0;  ///< as a shell says: the exit code, or 128 + signal
  std::string out, err;
};

/// A program that was started. Its input is given and its outputs are collected by finish().
class Process {
 public:
  /// `argv[0]` is the path of the program.
  explicit Process(const std::vector<std::string>& argv) {
    std::array<std::array<int, 2>, 3> ends{};
    for (auto& pair : ends)
      if (::pipe2(pair.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe failed");
    std::vector<char*> arguments;
    for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ == 0) {
      ::dup2(ends[0][0], STDIN_FILENO);
      ::dup2(ends[1][1], STDOUT_FILENO);
      ::dup2(ends[2][1], STDERR_FILENO);
      for (const int number : {SIGTERM, SIGINT, SIGUSR1, SIGHUP, SIGXCPU, SIGUSR2, SIGPIPE}) ::signal(number, SIG_DFL);
      ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
    ::close(ends[0][0]), ::close(ends[1][1]), ::close(ends[2][1]);
    in_ = ends[0][1], out_ = ends[1][0], err_ = ends[2][0];
  }
  ~Process() {
    if (pid_ > 0) ::kill(pid_, SIGKILL), ::waitpid(pid_, nullptr, 0);
    for (const int descriptor : {in_, out_, err_})
      if (descriptor >= 0) ::close(descriptor);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void signal(int number) const { ::kill(pid_, number); }

  /// Sends all of `input`, closes it, and waits for the end.
  ProcessResult finish(const std::string& input = "") {
    ProcessResult result;
    std::size_t sent = 0;
    void (*const before)(int) = ::signal(SIGPIPE, SIG_IGN);  // a program may end without reading its input
    ::fcntl(in_, F_SETFL, O_NONBLOCK);
    while (out_ >= 0 || err_ >= 0) {
      if (in_ >= 0 && sent == input.size()) close(in_);
      std::array<pollfd, 3> waits = {pollfd{in_, POLLOUT, 0}, pollfd{out_, POLLIN, 0}, pollfd{err_, POLLIN, 0}};
      ::poll(waits.data(), waits.size(), -1);
      if (waits[0].revents != 0) {
        const ssize_t count = ::write(in_, input.data() + sent, input.size() - sent);
        if (count < 0) close(in_);
        sent += count > 0 ? static_cast<std::size_t>(count) : 0;
      }
      if (waits[1].revents != 0) receive(out_, result.out);
      if (waits[2].revents != 0) receive(err_, result.err);
    }
    ::signal(SIGPIPE, before);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return result;
  }

 private:
  static void close(int& descriptor) {
    ::close(descriptor);
    descriptor = -1;
  }
  static void receive(int& descriptor, std::string& text) {
    std::array<char, 4096> buffer;
    const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
    if (count > 0)
      text.append(buffer.data(), static_cast<std::size_t>(count));
    else
      close(descriptor);
  }

  pid_t pid_ = -1;
  int in_ = -1, out_ = -1, err_ = -1;
};

/// Runs a program to its end.
inline ProcessResult run(const std::vector<std::string>& argv, const std::string& input = "") {
  return Process(argv).finish(input);
}

}  // namespace moelm
