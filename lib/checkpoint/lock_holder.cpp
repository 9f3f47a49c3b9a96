#include "checkpoint/lock_holder.hpp"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <fstream>
#include <sstream>

#include "base/error.hpp"
#include "base/quantity.hpp"
#include "io/file.hpp"
#include "io/json.hpp"

namespace moelm {

namespace {

constexpr Index kMaxTime = Index{1} << 62;

/// Field 22 of /proc/PID/stat, counted from the end of the name, which may hold anything. 0 if unknown.
Index process_start(Index pid) {
  std::string line;
  std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/stat"), line);
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(line.substr(name_end + 1));
  std::string field;
  for (int i = 3; i <= 22; ++i) fields >> field;
  return parse_index(field).value_or(0);
}

/// When this machine was booted, in seconds since 1970. 0 if unknown.
Index boot_time() {
  std::ifstream stat("/proc/stat");
  for (std::string line; std::getline(stat, line);)
    if (line.starts_with("btime ")) return parse_index(line.substr(6)).value_or(0);
  return 0;
}

std::string pid_namespace() {
  std::array<char, 64> name{};
  const ssize_t length = ::readlink("/proc/self/ns/pid", name.data(), name.size());
  return length > 0 ? std::string(name.data(), length) : "";
}

}  // namespace

LockHolder this_process() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  std::string boot;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), boot);
  const auto pid = static_cast<Index>(::getpid());
  return {pid, host.data(), boot, pid_namespace(), process_start(pid), static_cast<Index>(std::time(nullptr))};
}

std::string lock_text(const LockHolder& holder) {
  const Json json = {{"pid", holder.pid},
                     {"host", holder.host},
                     {"boot_id", holder.boot},
                     {"pid_namespace", holder.pid_namespace},
                     {"process_start", holder.process_start},
                     {"start", holder.locked}};
  return json_text(json) + "\n";
}

LockHolder read_lock_holder(const std::string& path, FileSystem& fs) {
  try {
    const Json json = parse_json(read_file(path, kMaxHolderBytes, Links::refuse, fs), path);
    const JsonField field(json, path);
    const auto number = [&](const char* key) { return field.has(key) ? field.at(key).integer(0, kMaxTime) : 0; };
    LockHolder holder;
    holder.pid = field.at("pid").integer(1, Index{1} << 31);
    holder.host = field.at("host").text();
    holder.boot = field.at("boot_id").text();
    if (field.has("pid_namespace")) holder.pid_namespace = field.at("pid_namespace").text();
    holder.process_start = number("process_start");
    holder.locked = number("start");
    return holder;
  } catch (const Error&) {
    return {};
  }
}

std::string describe(const LockHolder& holder) {
  return holder.pid == 0 ? "an unknown process" : "process " + std::to_string(holder.pid) + " on host " + holder.host;
}

HolderState state_of(const LockHolder& holder) {
  const LockHolder us = this_process();
  if (holder.pid == 0 || holder.host != us.host) return HolderState::unknown;
  // Another boot of this machine. But if the lock is younger than this boot, another machine has the same name.
  if (holder.boot != us.boot)
    return boot_time() > 0 && holder.locked > boot_time() ? HolderState::unknown : HolderState::gone;
  if (holder.pid_namespace != us.pid_namespace) return HolderState::unknown;
  if (::kill(static_cast<pid_t>(holder.pid), 0) < 0 && errno == ESRCH) return HolderState::gone;
  const Index started = process_start(holder.pid);
  const bool another = holder.process_start != 0 && started != 0 && started != holder.process_start;
  return another ? HolderState::gone : HolderState::alive;
}

}  // namespace moelm
