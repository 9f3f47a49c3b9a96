// Whatever call fails and whenever the process dies, the old or the new checkpoint is there, and every promised one.
#include <cstdint>
#include <vector>

#include "checkpoint/checkpoint_store.hpp"
#include "checkpoint/tiny_checkpoint.hpp"
#include "checkpoint/verify.hpp"
#include "support/catch.hpp"
#include "support/child_process.hpp"
#include "support/error_of.hpp"
#include "support/faulty_file_system.hpp"
#include "support/temporary_directory.hpp"

using namespace moelm;

namespace {

FoundCheckpoint newest(const std::string& run) { return newest_checkpoint(run, CheckpointScope::everything); }

}  // namespace

TEST_CASE("a disk that writes wrong bytes is noticed before the checkpoint counts") {
  struct Lying : FileSystem {
    ssize_t write(int d, const void* bytes, std::size_t count) override {
      std::string changed(static_cast<const char*>(bytes), count);
      if (++writes == lie_at) changed[count / 2] = static_cast<char>(changed[count / 2] ^ 4);
      return FileSystem::write(d, changed.data(), count);
    }
    int writes = 0, lie_at = 0;
  };
  for (int lie_at = 1; lie_at <= 8; ++lie_at) {
    TemporaryDirectory run;
    Lying lying;
    CheckpointStore store(run.path(), lying);
    lying.lie_at = lie_at;
    const SavedCheckpoint saved = store.save(TinyCheckpoint(1).contents(), {});
    REQUIRE(saved.warnings.size() == 1);
    REQUIRE(holds(saved.warnings[0], "read back"));
    REQUIRE(is_tiny(*newest(run.path()).checkpoint));
  }
}

TEST_CASE("a failed save reports the bytes needed and free") {
  TemporaryDirectory run;
  FaultyFileSystem full([](const std::string& call, int) { return call == "write" ? ENOSPC : 0; });
  CheckpointStore store(run.path(), full);
  const auto save = [&] { store.save(TinyCheckpoint(1).contents(), {}); };
  REQUIRE(error_exit(save) == Exit::io);
  REQUIRE(holds(error_text(save), "wanted "));
  REQUIRE(list_directory(run / "checkpoints").empty());
}

TEST_CASE("kill -9 at any moment of a save loop loses no acknowledged checkpoint") {
  TemporaryDirectory run;
  std::uint32_t random = 12345;
  Index acknowledged = 0;
  for (int round = 0; round < 20; ++round) {
    ChildProcess child([&](const auto& report) {
      CheckpointStore store(run.path());
      const FoundCheckpoint found = store.resume();
      for (Index step = found.checkpoint ? found.checkpoint->step() + 1 : 1;; ++step) {
        store.save(TinyCheckpoint(step, 20000).contents(), {step % 3 == 0, 2});
        report(std::to_string(step));
      }
      return 0;
    });
    random = random * 1664525u + 1013904223u;
    acknowledged = std::stoll(child.line());  // at least one, then a random moment
    ::usleep(random >> 16);
    child.finish(SIGKILL);
    for (std::string line; !(line = child.line()).empty();) acknowledged = std::stoll(line);
    const FoundCheckpoint found = newest(run.path());
    REQUIRE(found.checkpoint->step() >= acknowledged);
    REQUIRE(is_tiny(*found.checkpoint));
    REQUIRE(found.warnings.empty());
  }
  CheckpointStore next(run.path());
  REQUIRE(run_faults(run.path()).empty());
}

TEST_CASE("readers find a checkpoint at any time while a writer saves and prunes") {
  TemporaryDirectory run;
  ChildProcess writer([&](const auto& report) {
    CheckpointStore store(run.path());
    for (Index step = 1;; ++step) {
      store.save(TinyCheckpoint(step).contents(), {true, 1});
      if (step == 1) report("first");
    }
    return 0;
  });
  REQUIRE(writer.line() == "first");
  for (int i = 0; i < 200; ++i) {
    REQUIRE(is_tiny(*newest(run.path()).checkpoint));
    REQUIRE(best_checkpoint(run.path(), CheckpointScope::model).checkpoint.has_value());
    REQUIRE(run_faults(run.path()).size() <= 2);  // a hint may be one save behind for a moment
  }
}
