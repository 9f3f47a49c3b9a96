// A program run as a user runs it: arguments, standard input, what it prints and how it ends.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/temporary_directory.hpp"

namespace moelm {

struct ProgramResult {
  int code = 0;  ///< or 128 + signal
  std::string out, err;
};

/// A program that runs beside the test, spoken to through pipes; its stderr goes to a file.
class Program {
 public:
  explicit Program(const std::vector<std::string>& command) {
    std::array<int, 2> in{}, out{};
    if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0)
      throw std::runtime_error("pipe failed");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, (directory_ / "err").c_str(), O_CREAT | O_WRONLY, 0600);
    std::vector<char*> arguments;
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    // As from a terminal, even where the tests run under nohup.
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t all;
    sigfillset(&all);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    const int failed = ::posix_spawn(&pid_, arguments[0], &actions, &attributes, arguments.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    ::close(in[0]);
    ::close(out[1]);
    in_ = in[1];
    out_ = out[0];
    if (failed != 0) throw std::runtime_error("cannot start " + command[0]);
  }
  ~Program() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    close_input();
    close_output();
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void write(const std::string& text) {
    if (::write(in_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
      throw std::runtime_error("the program does not read");
  }
  pid_t pid() const { return pid_; }
  void signal(int number) const { ::kill(pid_, number); }
  void close_input() { close(in_); }
  void close_output() { close(out_); }

  /// The next line without its end; throws where the program stays silent for a minute.
  std::string line() {
    std::string text;
    for (char c = 0; read(&c, 1) == 1 && c != '\n';) text += c;
    return text;
  }

  /// Waits for the end, its input being left open, and returns the code.
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  /// Closes its input and waits for the end.
  ProgramResult finish() {
    close_input();
    ProgramResult result;
    std::array<char, 4096> buffer{};
    while (const std::size_t count = out_ < 0 ? 0 : read(buffer.data(), buffer.size()))
      result.out.append(buffer.data(), count);
    result.code = wait();
    result.err = get_file(directory_ / "err");
    return result;
  }

 private:
  static void close(int& descriptor) {
    if (descriptor >= 0) ::close(descriptor);
    descriptor = -1;
  }

  std::size_t read(char* bytes, std::size_t count) {
    pollfd ready{out_, POLLIN, 0};
    if (::poll(&ready, 1, 60'000) != 1) throw std::runtime_error("the program says nothing");
    const ssize_t done = ::read(out_, bytes, count);
    if (done < 0) throw std::runtime_error("read failed");
    return static_cast<std::size_t>(done);
  }

  TemporaryDirectory directory_;
  pid_t pid_ = -1;
  int in_ = -1, out_ = -1;
};

/// Runs a program to its end. `input` must fit into a pipe (64 KiB).
inline ProgramResult run_program(const std::vector<std::string>& command, const std::string& input = "") {
  Program program(command);
  if (!input.empty()) program.write(input);
  return program.finish();
}

}  // namespace moelm
