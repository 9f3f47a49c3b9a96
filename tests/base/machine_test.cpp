// Threads and memory come from the right source: environment, topology, quotas of both cgroup versions.
#include "base/machine.hpp"

#include <sched.h>
#include <sys/resource.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "support/catch.hpp"

using namespace moelm;

namespace {

/// A made-up /proc and /sys; takes the environment's answers away while it lives.
class FakeRoot {
 public:
  FakeRoot() : path_(std::filesystem::absolute("machine_test_root").string()) {
    std::filesystem::remove_all(path_);
    unsetenv("OMP_NUM_THREADS");
    unsetenv("SLURM_CPUS_PER_TASK");
    write("/proc/meminfo", "MemTotal: 100 kB\nMemAvailable:  4194304 kB\n");
  }
  ~FakeRoot() { std::filesystem::remove_all(path_); }
  FakeRoot(const FakeRoot&) = delete;
  FakeRoot& operator=(const FakeRoot&) = delete;

  void write(const std::string& file, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(path_ + file).parent_path());
    std::ofstream(path_ + file) << text;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

int processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  return CPU_COUNT(&set);
}

}  // namespace

TEST_CASE("the environment decides the threads before the machine does") {
  const FakeRoot root;
  setenv("SLURM_CPUS_PER_TASK", "5", 1);
  REQUIRE(default_threads(root.path()).threads == 5);
  REQUIRE(default_threads(root.path()).source == "SLURM_CPUS_PER_TASK");
  setenv("OMP_NUM_THREADS", "3,2", 1);
  REQUIRE(default_threads(root.path()).threads == 3);
  REQUIRE(default_threads(root.path()).source == "OMP_NUM_THREADS");
  setenv("OMP_NUM_THREADS", "many", 1);
  REQUIRE(default_threads(root.path()).threads == 5);
  unsetenv("OMP_NUM_THREADS");
  unsetenv("SLURM_CPUS_PER_TASK");
}

TEST_CASE("hyperthreads of one core count once") {
  const FakeRoot root;
  REQUIRE(default_threads(root.path()).threads == processors());
  for (int i = 0; i < 1024; ++i)
    root.write("/sys/devices/system/cpu/cpu" + std::to_string(i) + "/topology/thread_siblings_list", "0-1023\n");
  REQUIRE(default_threads(root.path()).threads == 1);
  REQUIRE(default_threads(root.path()).source == "physical cores");
}

TEST_CASE("the quota of a cgroup or of its parent bounds the threads") {
  const FakeRoot root;
  if (processors() < 2) return;
  root.write("/proc/self/cgroup", "0::/a/b\n");
  root.write("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
  REQUIRE(default_threads(root.path()).source == "physical cores");
  root.write("/sys/fs/cgroup/a/cpu.max", "150000 100000\n");
  REQUIRE(default_threads(root.path()).threads == 1);
  REQUIRE(default_threads(root.path()).source == "cgroup quota");
  root.write("/proc/self/cgroup", "3:cpu,cpuacct:/c\n");
  REQUIRE(default_threads(root.path()).source == "physical cores");
  root.write("/sys/fs/cgroup/cpu/c/cpu.cfs_quota_us", "100000\n");
  root.write("/sys/fs/cgroup/cpu/c/cpu.cfs_period_us", "100000\n");
  REQUIRE(default_threads(root.path()).source == "cgroup quota");
}

TEST_CASE("the smallest memory limit counts and names itself") {
  const FakeRoot root;
  REQUIRE(memory_limit(root.path()).bytes == Index{4} << 30);
  REQUIRE(memory_limit(root.path(), 4).bytes == Index{1} << 30);
  REQUIRE(memory_limit(root.path(), 4).source == "MemAvailable, shared by 4 ranks");
  REQUIRE(memory_limit(root.path()).source == "MemAvailable");
  root.write("/proc/self/cgroup", "4:memory:/x/y\n0::/\n");
  root.write("/sys/fs/cgroup/memory/x/y/memory.limit_in_bytes", "9223372036854771712\n");
  REQUIRE(memory_limit(root.path()).source == "MemAvailable");
  root.write("/sys/fs/cgroup/memory/x/memory.limit_in_bytes", "2147483648\n");
  REQUIRE(memory_limit(root.path()).bytes == Index{2} << 30);
  root.write("/sys/fs/cgroup/memory.max", "1073741824\n");
  REQUIRE(memory_limit(root.path()).bytes == Index{1} << 30);
  REQUIRE(memory_limit(root.path()).source == "cgroup limit");
}
