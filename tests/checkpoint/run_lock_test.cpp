// Two writers never share a run, and a lock does not outlive its process.
#include "checkpoint/run_lock.hpp"

#include <signal.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "checkpoint/guarded_files.hpp"
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
  REQUIRE(error_text(acquire) == "");  // and the lock was released
}

}  // namespace

TEST_CASE("the second writer is refused with process and host, and the lock is free after kill -9") {
  check_two_writers(real_file_system());
}

TEST_CASE("the same if flock is not supported") {
  WithoutFlock fs;
  check_two_writers(fs);
}

TEST_CASE("a lock is held once even within one process") {
  TemporaryDirectory run;
  RunLock first = RunLock::acquire(run.path());
  REQUIRE(error_exit([&] { RunLock::acquire(run.path()); }) == Exit::cannot_create);
  const RunLock moved = std::move(first);
  REQUIRE(error_exit([&] { RunLock::acquire(run.path()); }) == Exit::cannot_create);
}

TEST_CASE("an exclusive lock file of another host is refused with a hint") {
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

TEST_CASE("a later process with the same number is not the holder") {
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

namespace {

const std::vector<FileSystem*>& both_kinds() {
  static WithoutFlock without;
  static const std::vector<FileSystem*> kinds = {&real_file_system(), &without};
  return kinds;
}

}  // namespace

TEST_CASE("a lock is lost if its folder is renamed or another process takes its name") {
  for (FileSystem* fs : both_kinds()) {
    TemporaryDirectory directory;
    const std::string run = directory / "run", name = fs == &real_file_system() ? ".lock" : ".lock.held";
    std::filesystem::create_directory(run);
    RunLock first = RunLock::acquire(run, RunLock::Foreign::refuse, *fs);
    GuardedFiles files(first, *fs);
    REQUIRE(first.is_held());
    std::filesystem::rename(run, directory / "run.old");
    REQUIRE_FALSE(first.is_held());
    std::filesystem::create_directory(run);
    REQUIRE_FALSE(first.is_held());  // nor does it lock a folder of another
    REQUIRE_FALSE(path_exists(run + "/" + name));
    const RunLock second = RunLock::acquire(run, RunLock::Foreign::refuse, *fs);
    REQUIRE_FALSE(first.is_held());
    REQUIRE(error_exit([&] { first.require_held(); }) == Exit::cannot_create);
    REQUIRE(holds(error_text([&] { first.require_held(); }), run + "/.lock: expected the lock that this process took"));

    put_file(run + "/file", "of the other");
    for (const std::function<void()>& change :
         {std::function<void()>([&] { write_file_atomic(run + "/file", "x", files); }),
          {[&] { make_directory(run + "/directory", files); }},
          {[&] { rename_path(run + "/file", run + "/moved", files); }},
          {[&] { File::open_append(run + "/new", files); }}})
      REQUIRE(error_text(change) != "");
    REQUIRE_FALSE(remove_file(run + "/file", files));
    REQUIRE(list_directory(run).size() == (fs == &real_file_system() ? 2U : 3U));
    REQUIRE(get_file(run + "/file") == "of the other");
  }
}

TEST_CASE("a removed lock file is created again unless another process was faster") {
  for (FileSystem* fs : both_kinds()) {
    TemporaryDirectory run;
    const std::string name = run / (fs == &real_file_system() ? ".lock" : ".lock.held");
    const auto acquire = [&] { return RunLock::acquire(run.path(), RunLock::Foreign::refuse, *fs); };
    RunLock first = acquire();
    std::filesystem::remove(name);
    REQUIRE(first.is_held());
    REQUIRE(error_exit([&] { acquire(); }) == Exit::cannot_create);
    std::filesystem::remove(name);
    {
      const RunLock second = acquire();
      REQUIRE_FALSE(first.is_held());
      REQUIRE_FALSE(first.is_held());
      { const RunLock given_up = std::move(first); }
      REQUIRE(path_exists(name));  // the lock of the second
      REQUIRE(error_exit([&] { acquire(); }) == Exit::cannot_create);
    }
    acquire();
  }
}

TEST_CASE("a process of another container, or of another machine with our name, does not count as dead") {
  TemporaryDirectory run;
  WithoutFlock fs;
  std::string ours;
  {
    const RunLock lock = RunLock::acquire(run.path(), RunLock::Foreign::refuse, fs);
    ours = get_file(run / ".lock.held");
  }
  const auto holder = [&](const std::function<void(Json&)>& change) {
    Json json = parse_json(ours, "lock");
    json["pid"] = Index{1} << 30;  // no such process here
    change(json);
    put_file(run / ".lock.held", json_text(json));
  };
  const auto acquire = [&] { RunLock::acquire(run.path(), RunLock::Foreign::refuse, fs); };
  holder([](Json& json) { json["pid_namespace"] = "pid:[1]"; });
  REQUIRE(error_exit(acquire) == Exit::cannot_create);
  REQUIRE(holds(error_text(acquire), "container; if it no longer runs, use --break-lock"));
  holder([](Json& json) { json["boot_id"] = "of the other machine"; });  // locked just now, so since our boot
  REQUIRE(error_exit(acquire) == Exit::cannot_create);
  RunLock::acquire(run.path(), RunLock::Foreign::break_lock, fs);
  holder([](Json&) {});
  REQUIRE(error_text(acquire) == "");
  holder([](Json& json) { json["boot_id"] = "earlier", json["start"] = 1; });
  REQUIRE(error_text(acquire) == "");
}
