#include "tensorboard/event_log.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/error.hpp"
#include "base/quantity.hpp"
#include "tensorboard/event_record.hpp"
#include "tensorboard/metric_events.hpp"

namespace moelm {

namespace {

constexpr const char* kPrefix = "events.out.tfevents.";
constexpr std::size_t kMaxWaitingBytes = std::size_t{4} << 20;

double seconds_since_1970() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// The name of this machine, as far as it may stand in a name of a file.
std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || !is_plain_name(name.data())) return "localhost";
  return name.data();
}

/// The seconds in the name of an event file, 0 for other names.
Index seconds_of(const std::string& name) {
  const std::string_view prefix = kPrefix;
  if (!name.starts_with(prefix)) return 0;
  const std::size_t end = name.find('.', prefix.size());
  return parse_index(std::string_view(name).substr(prefix.size(), end - prefix.size())).value_or(0);
}

}  // namespace

EventLog::EventLog(std::string run, std::function<void(const std::string&)> warn, FileSystem& fs)
    : run_(std::move(run)), warn_(std::move(warn)), fs_(&fs) {}

void EventLog::write(const Json& line) {
  const double seconds = seconds_since_1970();
  const std::string record = metric_record(line, seconds);
  if (record.empty()) return;
  try {
    if (file_.descriptor() < 0) open(seconds);
    waiting_ += record;
    flush();
  } catch (const Error& error) {
    if (waiting_.size() > kMaxWaitingBytes) waiting_.clear();
    if (!std::exchange(warned_, true))
      warn_(std::string(error.what()) + "; events for TensorBoard are missing, metrics.jsonl has everything");
  }
}

/// TensorBoard reads the files of a folder in the order of their names.
void EventLog::open(double seconds) {
  Index name_seconds = static_cast<Index>(seconds);
  for (const std::string& name : list_directory(run_, *fs_))
    name_seconds = std::max(name_seconds, seconds_of(name) + 1);
  const std::string name =
      kPrefix + std::to_string(name_seconds) + "." + host_name() + "." + std::to_string(::getpid()) + ".0";
  file_ = File::open_append(join_path(run_, name), *fs_);
  waiting_ = version_record(seconds);
}

void EventLog::flush() {
  if (torn_) file_.truncate(bytes_);
  torn_ = true;
  file_.write_all(waiting_);
  torn_ = false;
  bytes_ += static_cast<Index>(waiting_.size());
  waiting_.clear();
}

}  // namespace moelm
