// What moe-check finds in every kind of path.
#include "run/verify_path.hpp"

#include "checkpoint/checkpoint_store.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"

using namespace moelm;

namespace {

void save(const std::string& run, Index step) {
  const std::vector<float> values = {1, 2, 3};
  CheckpointContents contents;
  contents.step = step;
  contents.model = {{"w", TensorType::f32, {3}, values.data()}};
  CheckpointStore(run).save(contents, {});
}

}  // namespace

TEST_CASE("each kind of path is recognised") {
  TemporaryDirectory directory;
  save(directory / "run", 1);
  std::filesystem::create_directory(directory / "empty");
  put_file(directory / "a.json", "{}");
  put_file(directory / "a.txt", "text");
  const std::string checkpoint = directory / "run/checkpoints/step-000000000001";
  REQUIRE(verify_path(directory / "run").kind == "run");
  REQUIRE(verify_path(checkpoint).kind == "checkpoint");
  REQUIRE(verify_path(checkpoint).faults.empty());
  REQUIRE(verify_path(checkpoint + "/model.safetensors").kind == "file");
  REQUIRE(verify_path(checkpoint + "/model.safetensors").faults.empty());
  REQUIRE(verify_path(directory / "a.json").faults.empty());
  REQUIRE(verify_path(directory / "a.txt").faults.size() == 1);
  REQUIRE(verify_path(directory / "empty").kind == "unknown");
  REQUIRE(verify_path(directory / "empty").faults.size() == 1);
  REQUIRE(error_exit([&] { verify_path(directory / "none"); }) == Exit::missing_input);
}

TEST_CASE("every fault is listed, not only the first") {
  TemporaryDirectory directory;
  const std::string run = directory / "run";
  save(run, 1);
  save(run, 2);
  put_file(run + "/checkpoints/step-000000000001/model.safetensors", "x");
  put_file(run + "/checkpoints/step-000000000002/state.json", "x");
  put_file(run + "/metrics.jsonl", "[]\n");
  const VerifiedPath verified = verify_path(run);
  REQUIRE(verified.faults.size() == 5);  // also no configuration and no vocabulary
  REQUIRE(verify_path(run + "/checkpoints/step-000000000002/model.safetensors").faults.size() == 1);
}

TEST_CASE("a missing configuration is a fault of the run") {
  TemporaryDirectory directory;
  save(directory / "run", 1);
  const VerifiedPath verified = verify_path(directory / "run");
  REQUIRE(verified.faults.size() == 2);
  REQUIRE(holds(verified.faults[0], "config.json"));
  REQUIRE(holds(verified.faults[1], "tokenizer.json"));
}
