#include "base/machine.hpp"

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <optional>
#include <set>
#include <sstream>
#include <string_view>
#include <vector>

namespace moelm {

namespace {

/// What cgroup version 1 writes for "no limit" is a rounded 2^63; nothing real comes near this.
constexpr Index kUnlimited = Index{1} << 60;

std::optional<std::string> first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return line;
}

/// The positive number that a text starts with ("4", "4,2", "4(x2)").
std::optional<Index> positive(std::string_view text) {
  Index value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || value < 1) return std::nullopt;
  return value;
}

std::optional<int> threads_from(const char* variable) {
  const char* text = std::getenv(variable);
  if (!text) return std::nullopt;
  const auto value = positive(text);
  if (!value || *value > 65536) return std::nullopt;
  return static_cast<int>(*value);
}

/// Folders of this process's cgroup for a controller, from its own up to the root.
std::vector<std::string> cgroup_folders(const std::string& root, const std::string& controller) {
  std::ifstream file(root + "/proc/self/cgroup");
  std::vector<std::string> folders;
  for (std::string line; std::getline(file, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const bool version2 = controllers == ",,";
    if (!version2 && controllers.find("," + controller + ",") == std::string::npos) continue;
    const std::string mount = root + "/sys/fs/cgroup" + (version2 ? "" : "/" + controller);
    for (std::string path = line.substr(second + 1); !path.empty(); path.erase(path.rfind('/')))
      if (path != "/") folders.push_back(mount + path);
    folders.push_back(mount);
  }
  return folders;
}

std::optional<Index> cgroup_memory(const std::string& root) {
  std::optional<Index> limit;
  for (const std::string& folder : cgroup_folders(root, "memory"))
    for (const char* name : {"/memory.max", "/memory.limit_in_bytes"}) {
      const auto value = positive(first_line(folder + name).value_or(""));
      if (value && *value < kUnlimited) limit = std::min(limit.value_or(*value), *value);
    }
  return limit;
}

/// Whole processors that the cgroup's quota is worth, at limit one.
std::optional<Index> cgroup_processors(const std::string& root) {
  std::optional<Index> limit;
  for (const std::string& folder : cgroup_folders(root, "cpu")) {
    const auto version2 = first_line(folder + "/cpu.max");
    const std::string pair = version2 ? *version2
                                      : first_line(folder + "/cpu.cfs_quota_us").value_or("") + " " +
                                            first_line(folder + "/cpu.cfs_period_us").value_or("");
    const auto space = pair.find(' ');
    const auto quota = positive(pair);
    const auto period = space == std::string::npos ? std::nullopt : positive(pair.substr(space + 1));
    if (!quota || !period) continue;
    const Index processors = std::max<Index>(1, *quota / *period);
    limit = std::min(limit.value_or(processors), processors);
  }
  return limit;
}

std::vector<int> allowed_processors() {
  std::vector<int> processors;
  // The set grows until the kernel's mask fits; machines have more than CPU_SETSIZE processors nowadays.
  for (int size = CPU_SETSIZE; size <= (1 << 20) && processors.empty(); size *= 2) {
    cpu_set_t* set = CPU_ALLOC(static_cast<std::size_t>(size));
    const std::size_t bytes = CPU_ALLOC_SIZE(static_cast<std::size_t>(size));
    if (sched_getaffinity(0, bytes, set) == 0)
      for (int i = 0; i < size; ++i)
        if (CPU_ISSET_S(static_cast<std::size_t>(i), bytes, set)) processors.push_back(i);
    CPU_FREE(set);
  }
  return processors;
}

/// Cores with at least one allowed processor; a processor whose siblings are unknown counts as a core.
Index physical_cores(const std::string& root) {
  std::set<std::string> cores;
  for (const int processor : allowed_processors()) {
    const std::string number = std::to_string(processor);
    const auto siblings = first_line(root + "/sys/devices/system/cpu/cpu" + number + "/topology/thread_siblings_list");
    cores.insert(siblings.value_or(number));
  }
  return std::max<Index>(1, static_cast<Index>(cores.size()));
}

std::optional<Index> memory_available(const std::string& root) {
  std::ifstream file(root + "/proc/meminfo");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string key;
    Index kibibytes = 0;
    if (words >> key >> kibibytes && key == "MemAvailable:") return kibibytes * 1024;
  }
  return std::nullopt;
}

std::optional<Index> address_space() {
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  return static_cast<Index>(std::min<rlim_t>(limit.rlim_cur, static_cast<rlim_t>(kUnlimited)));
}

}  // namespace

ThreadChoice default_threads(const std::string& root) {
  for (const char* variable : {"OMP_NUM_THREADS", "SLURM_CPUS_PER_TASK"})
    if (const auto threads = threads_from(variable)) return {*threads, variable};
  const Index cores = physical_cores(root);
  const auto quota = cgroup_processors(root);
  if (quota && *quota < cores) return {static_cast<int>(*quota), "cgroup quota"};
  return {static_cast<int>(cores), "physical cores"};
}

MemoryLimit memory_limit(const std::string& root, int processes) {
  MemoryLimit limit{std::numeric_limits<Index>::max(), "no limit known"};
  const auto consider = [&limit](std::optional<Index> bytes, const std::string& source) {
    if (bytes && *bytes < limit.bytes) limit = {*bytes, source};
  };
  const auto consider_shared = [&](std::optional<Index> bytes, const std::string& source) {
    if (bytes && processes > 1)
      consider(*bytes / processes, source + ", shared by " + std::to_string(processes) + " ranks");
    else
      consider(bytes, source);
  };
  consider_shared(memory_available(root), "MemAvailable");
  consider(address_space(), "RLIMIT_AS");
  consider_shared(cgroup_memory(root), "cgroup limit");
  return limit;
}

}  // namespace moelm
