// A checkpoint without the files for resuming can be evaluated and does not count as damaged.
#include "checkpoint/checkpoint_store.hpp"
#include "checkpoint/tiny_checkpoint.hpp"
#include "checkpoint/verify.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"

using namespace moelm;

namespace {

constexpr const char* kPath = "checkpoints/step-000000000001";

void put(const TemporaryDirectory& run) {
  CheckpointStore store(run.path());
  store.save(TinyCheckpoint(1).contents(), {true, 3});
}

}  // namespace

TEST_CASE("a checkpoint without files for resuming is intact with a note, can be evaluated, and is not resumed") {
  for (const std::vector<const char*>& left_out :
       {std::vector{kOptimizerFile}, std::vector{kCarriedFile}, std::vector{kOptimizerFile, kCarriedFile}}) {
    TemporaryDirectory run;
    put(run);
    REQUIRE(checkpoint_note(run / kPath).empty());
    for (const char* name : left_out) std::filesystem::remove(run / kPath + "/" + name);
    REQUIRE(best_checkpoint(run.path(), CheckpointScope::model).checkpoint->step() == 1);
    REQUIRE(find_checkpoint(run / kPath, WhichCheckpoint::best, CheckpointScope::model).checkpoint->step() == 1);
    REQUIRE(run_faults(run.path()).empty());
    REQUIRE(checkpoint_faults(run / kPath).empty());
    REQUIRE(run_notes(run.path()).size() == 1);
    REQUIRE(holds(checkpoint_note(run / kPath), "good for evaluation, cannot be resumed"));
    const auto resume = [&] { CheckpointStore(run.path()).resume(); };
    REQUIRE(error_exit(resume) == Exit::missing_input);
    REQUIRE(holds(error_text(resume), "cannot be resumed"));
  }
}

TEST_CASE("an older complete checkpoint is resumed instead, and the other one stays") {
  TemporaryDirectory run;
  put(run);
  CheckpointStore store(run.path());
  store.resume();
  store.save(TinyCheckpoint(2).contents(), {});
  std::filesystem::remove(run / "checkpoints/step-000000000002/optimizer.safetensors");
  const FoundCheckpoint found = CheckpointStore(run.path()).resume();
  REQUIRE(found.checkpoint->step() == 1);
  REQUIRE(holds(found.warnings.at(0), "step-000000000002/optimizer.safetensors: expected the file"));
  for (Index step = 2; step <= 5; ++step) store.save(TinyCheckpoint(step).contents(), {false, 1});
  REQUIRE(path_exists(run / "checkpoints/step-000000000002/model.safetensors"));
  REQUIRE(newest_checkpoint(run.path(), CheckpointScope::everything).checkpoint->step() == 5);
}

TEST_CASE("weights and state.json are required, and damaged files are refused") {
  for (const char* name : {kModelFile, kStateFile}) {
    TemporaryDirectory run;
    put(run);
    std::filesystem::remove(run / kPath + "/" + name);
    REQUIRE_FALSE(checkpoint_faults(run / kPath).empty());
    REQUIRE(error_exit([&] { best_checkpoint(run.path(), CheckpointScope::model); }) == Exit::bad_data);
  }
  TemporaryDirectory run;
  put(run);
  put_file(run / kPath + "/" + kOptimizerFile, "x");
  REQUIRE_FALSE(checkpoint_faults(run / kPath).empty());
}
