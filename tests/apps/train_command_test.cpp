// moe-train without training: sizes, lists, documentation, and refused command lines.
#include <sstream>

#include "moe_train/listings.hpp"
#include "moe_train/resolve.hpp"
#include "moe_train/size_report.hpp"
#include "moe_train/train_options.hpp"
#include "options/presets.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"

using namespace moelm;

namespace {

/// The run that a command line without data asks for.
ResolvedRun resolve(std::vector<const char*> arguments) {
  TrainOptions options;
  TrainCommand line(options);
  arguments.insert(arguments.begin(), "moe-train");
  const auto code = line.parse(static_cast<int>(arguments.size()), arguments.data());
  REQUIRE_FALSE(code);
  return resolve_run(options);
}

SizeReport report(const std::vector<const char*>& arguments) {
  const ResolvedRun run = resolve(arguments);
  return size_report(run.config, run.base, run.vocabulary, run.training_tokens, run.batches_per_pass, {2, "test"});
}

std::string refusal(const std::vector<const char*>& arguments, Exit expected) {
  const auto action = [&] { resolve(arguments); };
  REQUIRE(error_exit(action) == expected);
  return error_text(action);
}

}  // namespace

TEST_CASE("a dry run of a preset prints the paper's counts under the keys that scripts rely on") {
  const Json json = size_json(report({"--preset", "moe-32", "--vocab-size", "793471", "--dry-run"}));
  REQUIRE(json["ops_per_timestep"] == 8421376);
  REQUIRE(json["parameters_without_embedding_and_softmax"] == 37781504);
  REQUIRE(json["parameters"] == 37781504 + 2 * 4 * 512 + 2 * 793471 * 512 + 793471);
  REQUIRE(json["layers"].size() == 5);
  REQUIRE(json["layers"][2]["type"] == "moe");
  REQUIRE(json["peak_memory_bytes"].get<Index>() > 12 * json["parameters"].get<Index>());
  REQUIRE(json["fits"] == (json["peak_memory_bytes"] <= json["memory_limit"]["bytes"]));
  REQUIRE(json["vocabulary_size"] == 793471);
}

TEST_CASE("a dry run tells how often the weights would be read, and where experts are unlikely to pay") {
  const SizeReport r = report({"--preset", "moe-32", "--vocab-size", "10000", "--steps", "10000", "--dry-run"});
  const Json json = size_json(r)["exposure"];
  REQUIRE(json["tokens_per_active_weight"].get<double>() == Approx(10000.0 * 64 * 20 / 8421376));
  REQUIRE(json["visits_per_expert_weight"].get<double>() == Approx(10000.0 * 64 * 20 * 4 / 32 / 1048576));
  REQUIRE(json["passes"].is_null());
  REQUIRE(json["occurrences_per_table_row"].is_null());
  REQUIRE(holds(size_table(r), "tokens per active weight 1.5, visits per expert weight 1.5\n"));
  REQUIRE(holds(size_table(r), "experts are unlikely to pay here"));
  SizeReport timed = r;
  timed.limit_time({60, 8421376});
  REQUIRE(timed.exposure.per_active_weight == Approx(1));
}

TEST_CASE("a dry run needs no data, and reports that a model does not fit") {
  REQUIRE(report({"--dry-run"}).base == "small");
  REQUIRE(report({"--dry-run"}).vocabulary == 10000);
  const SizeReport huge = report({"--dry-run", "--preset", "moe-256", "--set", "moe.experts=10000000"});
  REQUIRE_FALSE(huge.fits());
  REQUIRE(holds(size_table(huge), "fits"));
  REQUIRE(size_json(huge)["fits"] == false);
}

TEST_CASE("model.width shrinks a preset without changing its shape") {
  const SizeReport r = report({"--dry-run", "--preset", "moe-256", "--set", "model.width=64"});
  REQUIRE(r.size.layers[2].weights == 2 * 64 * 256 + 256 * 2 * 64 * 128);
}

TEST_CASE("moe-train gives advice if the softmax takes most of the work") {
  REQUIRE(softmax_advice(report({"--dry-run", "--vocab-size", "5000"}).size).empty());
  const std::string advice = softmax_advice(report({"--dry-run", "--vocab-size", "50000"}).size);
  REQUIRE(holds(advice, "smaller vocabulary"));
  REQUIRE(holds(advice, "--set model.layers.4.cutoffs=[2000,10000]"));
  REQUIRE(holds(advice, "--set model.layers.4.samples=2048"));
  const SizeReport sampled = report({"--dry-run", "--vocab-size", "50000", "--set", "model.layers.4.samples=2048"});
  REQUIRE(softmax_advice(sampled.size).empty());
}

TEST_CASE("an adaptive softmax takes less of the work, and its cutoffs have to fit the vocabulary") {
  const auto adaptive = [](const char* cutoffs) {
    return report({"--dry-run", "--preset", "small", "--vocab-size", "50000", "--set", cutoffs});
  };
  const SizeReport full = report({"--dry-run", "--preset", "small", "--vocab-size", "50000"});
  const SizeReport r = adaptive("model.layers.4.cutoffs=2000,10000");
  REQUIRE(softmax_advice(r.size).empty());
  REQUIRE(r.size.softmax_ops * 8 < full.size.softmax_ops);
  REQUIRE(r.memory.total() < full.memory.total());
  REQUIRE(r.size.parameters < full.size.parameters);
  REQUIRE(error_exit([&] { adaptive("model.layers.4.cutoffs=2000,50000"); }) == Exit::bad_config);
}

TEST_CASE("memory is announced for the full softmax that follows a sampled one") {
  const auto memory = [](const char* softmax) {
    return report({"--dry-run", "--preset", "small", "--vocab-size", "50000", "--set", "model.layers.4.samples=512",
                   "--set", softmax})
        .memory;
  };
  const TrainingMemory sampled = memory("train.full_softmax=0"), both = memory("train.full_softmax=0.2");
  const Index width = report({"--dry-run", "--preset", "small"}).size.layers[4].input_width;
  REQUIRE(both.gradients == sampled.gradients + 4 * 50000 * (width + 1));
  REQUIRE(both.copies > sampled.copies);
  REQUIRE(both.moments == sampled.moments);
}

TEST_CASE("the table names every layer, the parts of the memory and the source of each number") {
  const std::string table = size_table(report({"--dry-run", "--preset", "lstm-2048-512"}));
  for (const char* part : {"embedding", "lstm", "softmax", "9,437,184", "moments", "2 threads (test)", "inverse-sqrt"})
    REQUIRE(holds(table, part));
}

TEST_CASE("options that do not go together are usage errors") {
  REQUIRE(refusal({"--data", "d"}, Exit::usage) == "--out: missing; see moe-train --help");
  REQUIRE(refusal({"--out", "o"}, Exit::usage) == "--data: missing; see moe-train --help");
  REQUIRE(holds(refusal({"--dry-run", "--preset", "small", "--config", "c"}, Exit::usage), "--preset and --config"));
  REQUIRE(holds(refusal({"--steps", "1", "--epochs", "1", "--out", "o"}, Exit::usage), "--steps and --epochs"));
  REQUIRE(holds(refusal({"--out", "o", "--max-time", "soon"}, Exit::usage), "expected a time such as 90s"));
  REQUIRE(holds(refusal({"--out", "o", "--vocab-size", "5"}, Exit::usage), "--dry-run"));
  REQUIRE(holds(refusal({"--out", "o", "--ranks", "4"}, Exit::usage), "mpirun -n 4"));
  REQUIRE(holds(refusal({"--dry-run", "--preset", "moe32"}, Exit::usage), "did you mean moe-32?"));
  REQUIRE(holds(refusal({"--dry-run", "--set", "train.dtype=f16"}, Exit::usage), "expected f32, bf16 or auto"));
  REQUIRE(holds(refusal({"--dry-run", "--set", "moe.k=99"}, Exit::bad_config), "found 99"));
  REQUIRE(holds(refusal({"--data", "/nonexistent", "--out", "o"}, Exit::missing_input), "/nonexistent"));
  REQUIRE(holds(refusal({"--init", "/nonexistent", "--data", "d", "--out", "o"}, Exit::missing_input),
                "a run or a checkpoint of a run, found nothing of that name"));
  REQUIRE(holds(refusal({"--output", "o"}, Exit::usage), "did you mean --out?"));
  for (const char* ranks : {"65537", "9223372036854775807"})
    REQUIRE(refusal({"--dry-run", "--preset", "tiny", "--ranks", ranks}, Exit::usage) ==
            "--ranks: expected at most 65536, found " + std::string(ranks));
}

TEST_CASE("batch sizes whose product overflows are refused, and the maximum sizes are planned") {
  const std::string huge = "9223372036854775807";
  for (const char* key : {"train.batch", "train.unroll", "train.batch_tokens"}) {
    const std::string assignment = std::string(key) + "=" + huge;
    REQUIRE(holds(refusal({"--dry-run", "--set", assignment.c_str()}, Exit::bad_config), key));
  }
  const SizeReport most = report({"--dry-run", "--set", "train.batch=1000000000", "--set", "train.unroll=1000000000"});
  REQUIRE_FALSE(most.fits());
  REQUIRE(most.memory.total() > Index{1} << 60);
}

TEST_CASE("memory grows with the streams that are read side by side") {
  const auto memory = [](const char* streams, const char* unroll) {
    return report({"--dry-run", "--preset", "tiny", "--set", streams, "--set", unroll}).memory;
  };
  const TrainingMemory many = memory("train.batch=4096", "train.unroll=1");
  REQUIRE(many.streams > Index{4096} * 131072);
  REQUIRE(memory("train.batch=1", "train.unroll=4096").streams < many.streams / 4000);
}

TEST_CASE("zero passes are refused") {
  REQUIRE(holds(refusal({"--dry-run", "--epochs", "0"}, Exit::usage), "--epochs: expected more than 0 passes"));
}

TEST_CASE("tables are at most as wide as the terminal") {
  for (const Index width : {80, 100, 120})
    for (const std::string& table : {keys_table(width), presets_table(width)}) {
      std::istringstream lines(table);
      for (std::string line; std::getline(lines, line);) {
        CAPTURE(line);
        REQUIRE(static_cast<Index>(line.size()) <= width);
      }
    }
}

TEST_CASE("an unknown flag names its key") {
  REQUIRE(holds(refusal({"--learning-rate", "3"}, Exit::usage), "did you mean --set train.lr=?"));
  REQUIRE(holds(refusal({"--num-experts", "3"}, Exit::usage), "did you mean --set moe.experts=?"));
  REQUIRE(holds(refusal({"--max-steps", "3"}, Exit::usage), "did you mean --steps?"));
  REQUIRE(holds(refusal({"--seed", "3"}, Exit::usage), "did you mean --set train.seed=?"));
  REQUIRE(holds(refusal({"--batch-tokens=3"}, Exit::usage), "did you mean --set train.batch_tokens=?"));
  REQUIRE(holds(refusal({"--experts", "3"}, Exit::usage), "did you mean --set moe.experts=?"));
  REQUIRE(holds(refusal({"--train.lr", "3"}, Exit::usage), "did you mean --set train.lr=?"));
  REQUIRE(holds(refusal({"--dropout", "3"}, Exit::usage), "did you mean --set model.dropout=?"));
}

TEST_CASE("nothing is trained into a data folder") {
  const TemporaryDirectory data;
  put_file(data / "index.json", "{}");
  REQUIRE(holds(refusal({"--dry-run", "--out", data.path().c_str()}, Exit::cannot_create), "found a data folder"));
}

TEST_CASE("a printed configuration is read back by --config, and open values stay open") {
  const TemporaryDirectory directory;
  const std::string path = directory / "c.json";
  const Json printed = printed_config(resolve({"--print-config", "--preset", "small", "--set", "train.seed=9"}));
  put_file(path, json_text(printed));
  const ResolvedRun again = resolve({"--print-config", "--config", path.c_str()});
  REQUIRE(printed_config(again) == printed);
  REQUIRE(again.config.train.seed == 9);
  REQUIRE(printed["train"]["steps"] == 0);
  REQUIRE_FALSE(printed["model"].contains("dropout"));
  REQUIRE(printed_config(resolve({"--print-config", "--preset", "moe-4"}))["model"]["dropout"] == 0.1);
}

TEST_CASE("every key and every preset is listed") {
  const std::string keys = keys_table(80), listed = presets_table(80);
  for (const char* key : {"model.layers.N.cells (lstm)", "model.layers.N.experts (moe)", "train.lr",
                          "optimizer.experts.beta1", "model.dropout"})
    REQUIRE(holds(keys, key));
  REQUIRE(keys_json()[0].contains("default"));
  for (const Preset& preset : presets()) REQUIRE(holds(listed, preset.name));
  REQUIRE(presets_json().size() == presets().size());
}

TEST_CASE("docs/options.md is what the declarations say") {
  INFO("write it again with: ninja -C build/release docs-options");
  REQUIRE(get_file(MOELM_SOURCE_DIR "/docs/options.md") ==
          options_markdown(get_file(MOELM_SOURCE_DIR "/docs/options.md.in")));
}
