// Two writers never share a run, and a lock does not outlive its process.
#include "run/run_lock.hpp"

#include <signal.h>

#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include "io/json.hpp"
#include "support/catch.hpp"
#include "support/child_process.hpp"
#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"

using namespace moelm;

namespace {

class WithoutFlock : public FileSystem {
 public:
  int flock(int, int) override {
    errno = EOPNOTSUPP;
    return -1;
  }
};

// A child that holds the lock until it is killed.
ChildProcess holder(const std::string& run, FileSystem& fs) {
  return ChildProcess([&](const auto& report) {
    const RunLock lock = RunLock::acquire(run, RunLock::Foreign::refuse, fs);
    report("held");
    for (;;) ::pause();
    return 0;
  });
}

void check_two_writers(FileSystem& fs) {
  TemporaryDirectory run;
  auto child = holder(run.path(), fs);
  REQUIRE(child.line() == "held");
  const auto acquire = [&] { RunLock::acquire(run.path(), RunLock::Foreign::refuse, fs); };
  REQUIRE(error_exit(acquire) == Exit::cannot_create);
  const std::string message = error_text(acquire);
  REQUIRE(holds(message, "process " + std::to_string(child.pid()) + " on host "));
  child.finish(SIGKILL);
  REQUIRE(error_text(acquire) == "");
  REQUIRE(error_text(acquire) == "");  // and it was released again
}

}  // namespace

TEST_CASE("the second writer is refused with process and host, and the lock is free after kill -9") {
  check_two_writers(real_file_system());
}

TEST_CASE("the same where flock is not supported") {
  WithoutFlock fs;
  check_two_writers(fs);
}

TEST_CASE("within one process, too, a lock is held once") {
  TemporaryDirectory run;
  RunLock first = RunLock::acquire(run.path());
  REQUIRE(error_exit([&] { RunLock::acquire(run.path()); }) == Exit::cannot_create);
  const RunLock moved = std::move(first);
  REQUIRE(error_exit([&] { RunLock::acquire(run.path()); }) == Exit::cannot_create);
}

TEST_CASE("an exclusive lock file of another host is refused with the way out") {
  TemporaryDirectory run;
  WithoutFlock fs;
  put_file(run / ".lock.held", R"({"pid": 4711, "host": "elsewhere.example", "boot_id": "b"})");
  const auto message = error_text([&] { RunLock::acquire(run.path(), RunLock::Foreign::refuse, fs); });
  REQUIRE(holds(message, "process 4711 on host elsewhere.example"));
  REQUIRE(holds(message, "--break-lock"));
  REQUIRE(error_text([&] { RunLock::acquire(run.path(), RunLock::Foreign::break_lock, fs); }) == "");
  REQUIRE_FALSE(path_exists(run / ".lock.held"));
}

TEST_CASE("an exclusive lock file from before the last boot is left over") {
  TemporaryDirectory run;
  WithoutFlock fs;
  char host[256] = {};
  REQUIRE(::gethostname(host, sizeof host - 1) == 0);
  put_file(run / ".lock.held", std::string(R"({"pid": 1, "host": ")") + host + R"(", "boot_id": "earlier"})");
  REQUIRE(error_text([&] { RunLock::acquire(run.path(), RunLock::Foreign::refuse, fs); }) == "");
}

TEST_CASE("a process number that has come round again is not the holder") {
  TemporaryDirectory run;
  WithoutFlock fs;
  { const RunLock lock = RunLock::acquire(run.path(), RunLock::Foreign::refuse, fs); }
  std::string ours;
  {
    const RunLock lock = RunLock::acquire(run.path(), RunLock::Foreign::refuse, fs);
    ours = get_file(run / ".lock.held");
  }
  const auto acquire = [&] { RunLock::acquire(run.path(), RunLock::Foreign::refuse, fs); };
  put_file(run / ".lock.held", ours);
  REQUIRE(error_exit(acquire) == Exit::cannot_create);  // this very process
  Json other = parse_json(ours, "lock");
  other["process_start"] = other["process_start"].get<Index>() + 1;
  put_file(run / ".lock.held", json_text(other));
  REQUIRE(error_text(acquire) == "");
}

TEST_CASE("kill -9 at any call of locking and unlocking without flock leaves a lock that can be taken") {
  struct Dying : WithoutFlock {
    void call() {
      if (--left == 0) ::raise(SIGKILL);
    }
    int open(const char* path, int flags, mode_t mode) override { return call(), FileSystem::open(path, flags, mode); }
    int close(int d) override { return call(), FileSystem::close(d); }
    ssize_t write(int d, const void* b, std::size_t n) override { return call(), FileSystem::write(d, b, n); }
    int link(const char* f, const char* t) override { return call(), FileSystem::link(f, t); }
    int unlink(const char* p) override { return call(), FileSystem::unlink(p); }
    int lstat(const char* p, struct stat* s) override { return call(), FileSystem::lstat(p, s); }
    int left = 0;
  } fs;
  int survived = 0;
  for (int calls = 1; survived == 0; ++calls) {
    TemporaryDirectory run(memory_directory());
    fs.left = calls;
    ChildProcess child([&](const auto&) {
      RunLock::acquire(run.path(), RunLock::Foreign::refuse, fs);
      return 0;
    });
    if (child.finish() == 0) survived = calls;
    WithoutFlock next;
    INFO("killed at call " << calls);
    REQUIRE(error_text([&] { RunLock::acquire(run.path(), RunLock::Foreign::refuse, next); }) == "");
  }
  REQUIRE(survived > 8);
}

TEST_CASE("many starting at once: exactly one gets the lock") {
  WithoutFlock without;
  for (FileSystem* fs : {&real_file_system(), static_cast<FileSystem*>(&without)}) {
    TemporaryDirectory run;
    std::vector<std::unique_ptr<ChildProcess>> children;
    for (int i = 0; i < 12; ++i)
      children.push_back(std::make_unique<ChildProcess>([&](const auto& report) {
        try {
          const RunLock lock = RunLock::acquire(run.path(), RunLock::Foreign::refuse, *fs);
          report("held");
          for (;;) ::pause();
        } catch (const Error& error) {
          report(error.exit() == Exit::cannot_create ? "refused" : error.what());
        }
        return 0;
      }));
    int held = 0, refused = 0;
    for (auto& child : children) {
      const std::string line = child->line();
      held += line == "held";
      refused += line == "refused";
    }
    REQUIRE(held == 1);
    REQUIRE(refused == 11);
  }
}
