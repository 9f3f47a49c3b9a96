// Every call of a save and of a load fails in turn; full disks; interrupted and short transfers; file systems that lack
// calls.
#include <iostream>
#include <map>

#include "checkpoint/tiny_session.hpp"
#include "checkpoint/verify.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/faulty_file_system.hpp"
#include "support/simulated_disk.hpp"
#include "support/temporary_directory.hpp"

using namespace moelm;

namespace {

constexpr const char* kRun = "/run";

const std::map<std::string, int> kErrors = {{"EIO", EIO},     {"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT},
                                            {"EROFS", EROFS}, {"EACCES", EACCES}, {"EMFILE", EMFILE},
                                            {"EINTR", EINTR}};

/// A disk with one checkpoint, from which the others are copied.
DiskTree disk_with_one() {
  SimulatedDisk disk;
  REQUIRE(tiny_session(disk, kRun, 1).promised);
  return disk.now();
}

bool ends_well(Exit exit) {
  return exit == Exit::out_of_memory || exit == Exit::cannot_create || exit == Exit::io || exit == Exit::no_permission;
}

/// After a session, failed or not, the old or the new checkpoint is there, nothing is damaged, and the next succeeds.
void check_after(SimulatedDisk& disk, const TinySession& session) {
  if (!session.promised) REQUIRE(ends_well(session.exit));
  const FoundCheckpoint found = newest_checkpoint(kRun, CheckpointScope::everything, disk);
  REQUIRE(found.checkpoint.has_value());
  REQUIRE(found.warnings.empty());
  REQUIRE(is_tiny(*found.checkpoint));
  if (session.promised) REQUIRE(found.checkpoint->step() == 2);
  REQUIRE(run_faults(kRun, disk).empty());
  const TinySession next = tiny_session(disk, kRun, 3);
  REQUIRE(next.error.empty());
  REQUIRE(next.warnings.empty());
  REQUIRE(left_behind(disk, kRun).empty());
  REQUIRE(run_faults(kRun, disk).empty());
}

TinySession session_with(SimulatedDisk& disk, const FaultyFileSystem::Rule& rule) {
  FaultyFileSystem faulty(rule, disk);
  return tiny_session(faulty, kRun, 2);
}

int calls_of_a_session(const DiskTree& tree) {
  SimulatedDisk disk(tree);
  FaultyFileSystem counting({}, disk);
  REQUIRE(tiny_session(counting, kRun, 2).promised);
  return counting.calls();
}

/// Reads and writes one byte at a time.
struct ByteByByte : FileSystem {
  ssize_t read(int d, void* b, std::size_t n) override { return FileSystem::read(d, b, std::min<std::size_t>(n, 1)); }
  ssize_t pread(int d, void* b, std::size_t n, off_t o) override {
    return FileSystem::pread(d, b, std::min<std::size_t>(n, 1), o);
  }
  ssize_t write(int d, const void* b, std::size_t n) override {
    return FileSystem::write(d, b, std::min<std::size_t>(n, 1));
  }
};

}  // namespace

TEST_CASE("every call of resuming, logging and saving may fail, once or from then on", "[durability]") {
  const DiskTree tree = disk_with_one();
  const int calls = calls_of_a_session(tree);
  REQUIRE(calls > 150);
  int cases = 0, promised = 0;
  for (const auto& [name, number_of_error] : kErrors)
    for (const bool for_ever : {false, true})
      for (int when = 1; when <= calls; ++when) {
        const int error = number_of_error;         // lambdas do not capture parts of a pair
        if (for_ever && error == EINTR) continue;  // would rightly be waited for
        SimulatedDisk disk(tree);
        const TinySession session = session_with(disk, [&](const std::string&, int number) {
          return number == when || (for_ever && number > when) ? error : 0;
        });
        INFO(name << (for_ever ? " from call " : " at call ") << when << " of " << calls << ": " << session.error);
        check_after(disk, session);
        ++cases, promised += session.promised;
      }
  std::cout << "faults: " << cases << " failing calls of a save, " << promised << " saved all the same, 0 harmed\n";
}

TEST_CASE("a load whose calls fail gives the newest checkpoint, an older one with the reason, or an error",
          "[durability]") {
  SimulatedDisk disk(disk_with_one());
  {
    CheckpointStore store(kRun, disk);
    store.save(TinyCheckpoint(2).contents(), {});
  }
  const DiskTree tree = disk.now();
  const auto load = [&](FileSystem& files) {
    FoundCheckpoint found = newest_checkpoint(kRun, CheckpointScope::everything, files);
    const bool right = !found.checkpoint || is_tiny(*found.checkpoint);
    REQUIRE(right);
    return found;
  };
  FaultyFileSystem counting({}, disk);
  REQUIRE(load(counting).checkpoint->step() == 2);
  int cases = 0, older = 0, refused = 0;
  for (const auto& [name, number_of_error] : kErrors)
    for (const bool for_ever : {false, true})
      for (int when = 1; when <= counting.calls(); ++when) {
        const int error = number_of_error;
        if (for_ever && error == EINTR) continue;
        FaultyFileSystem faulty(
            [&](const std::string&, int number) { return number == when || (for_ever && number > when) ? error : 0; },
            disk);
        INFO(name << (for_ever ? " from call " : " at call ") << when << " of " << counting.calls());
        ++cases;
        try {
          const FoundCheckpoint found = load(faulty);
          REQUIRE(found.checkpoint.has_value());
          if (found.checkpoint->step() == 2) continue;
          ++older;
          REQUIRE(found.checkpoint->step() == 1);
          REQUIRE(holds(found.warnings.at(0), "step-000000000002"));
        } catch (const Error& failed) {
          ++refused;
          REQUIRE((ends_well(failed.exit()) || failed.exit() == Exit::bad_data));
          REQUIRE(holds(failed.what(), kRun));
        }
      }
  REQUIRE(disk.now() == tree);
  std::cout << "faults: " << cases << " failing calls of a load, " << older << " answered by an older checkpoint, "
            << refused << " by an error\n";
}

TEST_CASE("a file whose sync failed is never synced again: the second attempt makes new files", "[durability]") {
  struct Failing : FileSystem {
    int fsync(int d) override {
      struct stat status {};
      FileSystem::fstat(d, &status);
      ++syncs;
      if (!S_ISDIR(status.st_mode)) again = again || status.st_ino == failed;
      if (syncs != fails_at) return FileSystem::fsync(d);
      failed = status.st_ino;
      errno = EIO;
      return -1;
    }
    int syncs = 0, fails_at = 0;
    ino_t failed = 0;
    bool again = false;
  };
  Failing counting;
  {
    const TemporaryDirectory run(memory_directory());
    REQUIRE(tiny_session(counting, run.path(), 1).promised);
  }
  int saved = 0;
  for (int fails_at = 1; fails_at <= counting.syncs; ++fails_at) {
    const TemporaryDirectory run(memory_directory());
    Failing failing;
    failing.fails_at = fails_at;
    const TinySession session = tiny_session(failing, run.path(), 1);
    INFO("sync " << fails_at << ": " << session.error);
    REQUIRE(failing.failed != 0);
    REQUIRE_FALSE(failing.again);
    saved += session.promised;
    REQUIRE(tiny_session(real_file_system(), run.path(), 2).promised);
    REQUIRE(run_faults(run.path()).empty());
  }
  REQUIRE(saved > 5);
}

TEST_CASE("a file system that lacks a call does not prevent saving", "[durability]") {
  const DiskTree tree = disk_with_one();
  int cases = 0;
  for (const char* unsupported :
       {"allocate", "drop_cache", "rename_no_replace", "link", "fsync", "fdatasync", "statvfs", "flock"})
    for (const int error : {ENOSYS, EOPNOTSUPP, EINVAL}) {
      SimulatedDisk disk(tree);
      const TinySession session =
          session_with(disk, [&](const std::string& call, int) { return call == unsupported ? error : 0; });
      INFO(unsupported << ", errno " << error << ": " << session.error);
      REQUIRE(session.promised);
      check_after(disk, session);
      ++cases;
    }
  SimulatedDisk disk(tree);
  const TinySession session = session_with(disk, [](const std::string& call, int) {
    for (const char* basic : {"open", "close", "read", "pread", "write", "fstat", "lstat", "stat", "mkdir", "rmdir",
                              "unlink", "rename", "list", "ftruncate"})
      if (call == basic) return 0;
    return ENOSYS;
  });
  INFO(session.error);
  REQUIRE(session.promised);
  check_after(disk, session);
  std::cout << "faults: " << cases << " unsupported calls and all of them together, all saved\n";
}

TEST_CASE("on a disk of any size the old checkpoint stays, and with room again the next save succeeds",
          "[durability]") {
  const DiskTree tree = disk_with_one();
  SimulatedDisk large(tree);
  const auto free = static_cast<std::size_t>(free_bytes(kRun, large));
  REQUIRE(tiny_session(large, kRun, 2).promised);
  const std::size_t used = large.capacity - free, step = 64;
  int failed = 0, saved = 0;
  for (std::size_t room = 0; room < 8192; room += step) {
    SimulatedDisk disk(tree);
    disk.capacity = used + room;
    CheckpointStore store(kRun, disk);
    store.resume();
    const auto save = [&](Index number) { store.save(TinyCheckpoint(number).contents(), {true, 1}); };
    INFO("room for " << room << " bytes");
    const std::string error = error_text([&] { save(2); });
    failed += !error.empty(), saved += error.empty();
    if (!error.empty()) REQUIRE(holds(error, "wanted "));
    const FoundCheckpoint found = newest_checkpoint(kRun, CheckpointScope::everything, disk);
    REQUIRE(found.checkpoint->step() == (error.empty() ? 2 : 1));
    REQUIRE(is_tiny(*found.checkpoint));
    disk.capacity = std::size_t{1} << 30;
    save(3);  // the same process
    REQUIRE(newest_checkpoint(kRun, CheckpointScope::everything, disk).checkpoint->step() == 3);
    REQUIRE(left_behind(disk, kRun).empty());
  }
  REQUIRE(failed > 10);
  REQUIRE(saved > 10);
  std::cout << "faults: " << failed << " disks too small, " << saved << " large enough, 0 checkpoints lost\n";
}

TEST_CASE("interrupted calls and transfers of one byte change nothing", "[durability]") {
  const auto files_of = [](const std::string& run) {
    std::string all;
    for (const std::string& name : list_directory(run + "/checkpoints/step-000000000002"))
      all += name + get_file(run + "/checkpoints/step-000000000002/" + name);
    return all + get_file(run + "/metrics.jsonl");
  };
  TemporaryDirectory plain(memory_directory()), rough(memory_directory());
  for (Index step = 1; step <= 2; ++step) REQUIRE(tiny_session(real_file_system(), plain.path(), step).promised);
  ByteByByte slow;
  FaultyFileSystem interrupted(
      [](const std::string& call, int number) {
        const bool interruptible = call == "open" || call == "read" || call == "pread" || call == "write" ||
                                   call == "fsync" || call == "fdatasync" || call == "ftruncate" ||
                                   call == "allocate" || call == "close" || call == "flock";
        return interruptible && number % 3 == 0 ? EINTR : 0;
      },
      slow);
  for (Index step = 1; step <= 2; ++step) {
    const TinySession session = tiny_session(interrupted, rough.path(), step);
    REQUIRE(session.error.empty());
    REQUIRE(session.warnings.empty());
  }
  REQUIRE(files_of(rough.path()) == files_of(plain.path()));
}

TEST_CASE("files and folders are made with the modes that the umask leaves") {
  TemporaryDirectory directory;
  const mode_t before = ::umask(027);
  const TinySession session = tiny_session(real_file_system(), directory / "run", 1);
  ::umask(before);
  REQUIRE(session.promised);
  const auto mode_of = [](const std::filesystem::path& path) {
    return static_cast<int>(std::filesystem::status(path).permissions());
  };
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory / "run")) {
    INFO(entry.path());
    REQUIRE(mode_of(entry.path()) == (entry.is_directory() ? 0750 : 0640));
  }
}
