#include "run/run_lock.hpp"

#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <fstream>
#include <sstream>
#include <utility>

#include "base/error.hpp"
#include "base/quantity.hpp"
#include "io/file_error.hpp"
#include "io/json.hpp"

namespace moelm {

namespace {

constexpr Index kLongestHolder = 4096;

struct Holder {
  Index pid = 0;
  std::string host, boot;
  Index started = 0;  // of the process, in ticks since the boot; tells it from a later one with the same number
};

/// Field 22 of /proc/PID/stat, counted from behind the name, which may hold anything; 0 if it cannot be known.
Index start_of(Index pid) {
  std::string line;
  std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/stat"), line);
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(line.substr(name_end + 1));
  std::string field;
  for (int i = 3; i <= 22; ++i) fields >> field;
  return parse_index(field).value_or(0);
}

Holder ourselves() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  std::string boot;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), boot);
  const auto pid = static_cast<Index>(::getpid());
  return {pid, host.data(), boot, start_of(pid)};
}

std::string text_of(const Holder& holder) {
  const Json json = {{"pid", holder.pid},
                     {"host", holder.host},
                     {"boot_id", holder.boot},
                     {"process_start", holder.started},
                     {"start", static_cast<Index>(std::time(nullptr))}};
  return json_text(json) + "\n";
}

// Whoever holds the lock may be writing this very file, so anything unreadable is an unknown holder.
Holder read_holder(const std::string& path, FileSystem& fs) {
  try {
    const Json json = parse_json(read_file(path, kLongestHolder, Links::refuse, fs), path);
    const JsonField field(json, path);
    constexpr Index kMost = Index{1} << 62;
    const Index started = field.has("process_start") ? field.at("process_start").integer(0, kMost) : 0;
    return {field.at("pid").integer(1, Index{1} << 31), field.at("host").text(), field.at("boot_id").text(), started};
  } catch (const Error&) {
    return {};
  }
}

[[noreturn]] void refuse(const std::string& path, const Holder& holder, const std::string& hint) {
  const std::string who =
      holder.pid == 0 ? "an unknown process" : "process " + std::to_string(holder.pid) + " on host " + holder.host;
  throw Error(Exit::cannot_create, path + ": the run is in use by " + who + "; " + hint);
}

bool process_is_gone(const Holder& holder) {
  const Holder us = ourselves();
  if (holder.pid == 0 || holder.host != us.host) return false;
  if (holder.boot != us.boot) return true;
  if (::kill(static_cast<pid_t>(holder.pid), 0) < 0 && errno == ESRCH) return true;
  const Index started = start_of(holder.pid);
  return holder.started != 0 && started != 0 && started != holder.started;
}

// Removes a left-over lock. It is renamed first and looked at again, so that of two processes that come at the same
// moment the slower one does not remove the lock that the faster one has just taken.
void remove_left_over(const std::string& held, const std::string& seen, FileSystem& fs) {
  const std::string aside = held + "-" + std::to_string(::getpid());
  rename_path(held, aside, fs);
  if (read_file(aside, kLongestHolder, Links::refuse, fs) != seen) {
    rename_no_replace(aside, held, fs);
    refuse(held, read_holder(held, fs), "try again");
  }
  remove_file(aside, fs);
}

// Gives the lock its name with its contents already in it, so that a process that dies here leaves either nothing or a
// lock that tells whose it was. False if it is taken.
bool create_whole(const std::string& held, FileSystem& fs) {
  const std::string aside = held + "-" + std::to_string(::getpid()) + "-new";
  remove_file(aside, fs);
  File file = File::create(aside, fs);
  file.write_all(text_of(ourselves()));
  file.close();
  const int result = fs.link(aside.c_str(), held.c_str());
  const int error = errno;
  remove_file(aside, fs);
  if (result == 0) return true;
  if (error == EEXIST) return false;
  // Without hard links, creating is exclusive and writing comes after.
  File plain = File::create(held, fs);
  plain.write_all(text_of(ourselves()));
  plain.close();
  return true;
}

void take_exclusive_file(const std::string& held, RunLock::Foreign foreign, FileSystem& fs) {
  if (path_exists(held, fs)) {
    const std::string seen = read_file(held, kLongestHolder, Links::refuse, fs);
    const Holder holder = read_holder(held, fs);
    if (!process_is_gone(holder)) {
      if (holder.host == ourselves().host) refuse(held, holder, "wait for it, or stop it");
      if (foreign == RunLock::Foreign::refuse) refuse(held, holder, "if it no longer runs there, use --break-lock");
    }
    remove_left_over(held, seen, fs);
  }
  if (!create_whole(held, fs)) refuse(held, read_holder(held, fs), "wait for it, or stop it");
}

}  // namespace

RunLock RunLock::acquire(const std::string& run, Foreign foreign, FileSystem& fs) {
  const std::string path = join_path(run, ".lock");
  File file = File::open_append(path, fs);
  int result = -1;
  do result = fs.flock(file.descriptor(), LOCK_EX | LOCK_NB);
  while (result < 0 && errno == EINTR);
  if (result < 0 && errno == EWOULDBLOCK) refuse(path, read_holder(path, fs), "wait for it, or stop it");
  if (result < 0) {
    const int error = errno;
    if (error != ENOSYS && error != EOPNOTSUPP && error != EINVAL && error != ENOLCK)
      throw_file_error(error, Exit::io, path, "lock");
    const std::string held = path + ".held";
    take_exclusive_file(held, foreign, fs);
    return RunLock(std::move(file), held, fs);
  }
  try {
    file.truncate(0);
    file.write_all(text_of(ourselves()));
  } catch (const Error&) {
    // The lock holds without saying whose it is, on a full disk for example.
  }
  return RunLock(std::move(file), "", fs);
}

RunLock::~RunLock() {
  if (!held_.empty()) remove_file(held_, *fs_);
}

RunLock::RunLock(RunLock&& other) noexcept
    : file_(std::move(other.file_)), held_(std::exchange(other.held_, "")), fs_(other.fs_) {}

}  // namespace moelm
