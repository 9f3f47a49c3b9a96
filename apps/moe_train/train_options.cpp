#include "moe_train/train_options.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "base/quantity.hpp"
#include "dist/mpi_ranks.hpp"
#include "options/assignments.hpp"
#include "options/config_json.hpp"
#include "options/key_guess.hpp"
#include "options/presets.hpp"

namespace moelm {

namespace {

constexpr Index kMaxRanks = 65'536;  // as many as train.lanes may be

/// The key that an unknown flag means: "--seed" -> "--set train.seed=".
std::string key_hint(const std::string& word) {
  if (word == "output") return "--out";  // and not moe.output
  ConfigOptions small;
  small.preset = "small";
  const std::string key = key_meant(word, known_keys(resolve_config(small, nullptr, {}).config));
  if (key == "train.steps" || key == "train.epochs" || key == "train.dtype") return "--" + key.substr(6);
  return key.empty() ? "" : "--set " + key + "=";
}

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const Preset& preset : presets()) names.push_back(preset.name);
  return names;
}

}  // namespace

TrainCommand::TrainCommand(TrainOptions& o)
    : options_(o),
      command_("moe-train",
               "Trains a language model of LSTM and Mixture-of-Experts layers on a data folder of moe-tokenize.",
               "--data data/ --out run/ [options]") {
  Command& c = command_;
  c.built_with(mpi_library());
  c.option("--data", "DIR", o.data, "data folder of moe-tokenize; an existing run knows its own");
  c.input_option("--data");
  c.option("--out", "DIR", o.out, "folder of the run; an existing run continues");
  c.option("--preset", "NAME", o.config.preset,
           "a named configuration (--list-presets); without it one is chosen by the size of the data and --max-time");
  c.option("--config", "FILE", o.config.config_file, "configuration as JSON, - for standard input");
  c.repeated("--set", "KEY=VALUE", o.config.assignments, "set one key (--list-keys); may be repeated");
  c.offer("--preset", preset_names);
  c.offer("--set", key_assignments);
  c.option("--resume", "auto|never|PATH", resume_,
           "auto (default): continue the run in --out, if there is one; never: refuse then; PATH: continue exactly "
           "from that "
           "checkpoint in a new --out");
  c.option("--init", "PATH", o.init,
           "start with the model and weights of a run or checkpoint that has the same vocabulary");
  c.option("--steps", "N", o.config.steps, 1,
           "total optimizer steps; steps beyond the plan of an existing run get a warm-up and a decay of their own");
  c.option("--epochs", "N", o.config.epochs, 0, "total passes over the training text");
  c.option("--max-time", "TIME", max_time_,
           "train for this time (90s, 10m, 3h), the last validation and save included: steps and learning rate are "
           "planned for it; without --steps and --epochs at most 30 passes, with them at most these");
  c.choice("--dtype", o.config.dtype, "arithmetic of matrix products");
  c.flag("--dry-run", o.dry_run, "print sizes, work and memory, and end; needs neither --data nor --out");
  c.option("--vocab-size", "N", o.vocabulary, 1, "size of the vocabulary, for --dry-run without --data");
  c.option(
      "--ranks", "N", o.ranks, 1,
      "with --dry-run: memory of a rank, bytes and predicted time of a step on 1, 2, 4 ... N ranks like this machine");
  c.option("--network", "RATE:LATENCY", o.network, "with --ranks: the network between them; default: 10Gb/s:25us");
  c.option("--node-gflops", "GFLOPS", o.node_gflops, 0,
           "with --ranks: GFLOP/s that the products of a step reach on a machine; default: measured here");
  c.option("--memory-rate", "GB/S", o.memory_rate, 0,
           "with --ranks: GB/s of a machine's memory; default: measured here");
  c.flag("--force", o.force, "train even if memory or disk seem too small");
  c.flag("--break-lock", o.break_lock,
         "take over the lock of another host or container; first make sure that its process no longer runs");
  c.flag("--list-presets", o.list_presets, "print all presets");
  c.flag("--list-keys", o.list_keys, "print all keys with default, unit and meaning");
  c.flag("--print-config", o.print_config, "print the whole configuration as JSON for --config");
  c.json_flag("print the result (or what was asked for) as JSON");
  c.exclude("--steps", "--epochs");
  c.exclude("--preset", "--config");
  c.exclude("--dry-run", "--print-config");
  c.example("--data data/ --out run/", "a good model whose size fits the data");
  c.example("--data data/ --out run/ --steps 50000", "the same run, longer: the added steps get their own schedule");
  c.example("--data data/ --out run2/ --preset moe-32 --set moe.experts=64 --max-time 1h",
            "a model of the paper, varied");
  c.example("--preset moe-256 --dry-run --ranks 16 --network 10Gb/s:25us", "whether many machines would pay");
  c.example("--preset moe-256 --vocab-size 793471 --dry-run", "what it would cost");
  c.exit_code(Exit::bad_data, "data or checkpoint damaged");
  c.exit_code(Exit::missing_input, "data, configuration or checkpoint missing");
  c.exit_code(Exit::out_of_memory, "more memory needed than there is");
  c.exit_code(Exit::cannot_create, "run exists (--resume never), is in use, or cannot be created");
  c.exit_code(Exit::io, "reading or writing failed, or the disk has no room for checkpoints");
  c.exit_code(Exit::stopped,
              "stopped on request (Ctrl-C, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU, a closed terminal), saved: run again to "
              "continue");
  c.exit_code(Exit::diverged, "training diverged: the loss or a weight is not finite");
  c.exit_code(Exit::bad_config, "the configuration contradicts itself, the data or the run");
  c.on_unknown(key_hint);
}

std::optional<int> TrainCommand::parse(int argc, const char* const* argv) {
  if (const auto code = command_.parse(argc, argv)) return code;
  TrainOptions& o = options_;
  if (resume_) o.resume = *resume_;
  if (max_time_) {
    o.max_seconds = parse_duration(*max_time_);
    if (!o.max_seconds || *o.max_seconds == 0)
      throw Error(Exit::usage, "--max-time: expected a time such as 90s, 10m or 3h, found " + *max_time_);
  }
  require(!o.config.epochs || *o.config.epochs > 0, Exit::usage,
          "--epochs: expected more than 0 passes, found 0; without it the number is planned from the data");
  require(o.ranks.value_or(1) <= kMaxRanks, Exit::usage,
          "--ranks: expected at most " + std::to_string(kMaxRanks) + ", found " + std::to_string(o.ranks.value_or(1)));
  require(!o.vocabulary || o.dry_run, Exit::usage, "--vocab-size: expected together with --dry-run");
  require(!o.ranks || o.dry_run, Exit::usage,
          "--ranks: expected together with --dry-run; mpirun -n " + std::to_string(o.ranks.value_or(1)) +
              " moe-train ... trains over ranks");
  require((!o.network && !o.node_gflops && !o.memory_rate) || o.ranks, Exit::usage,
          "--network, --node-gflops, --memory-rate: expected together with --ranks");
  require(!o.vocabulary || !o.data, Exit::usage, "--vocab-size and --data cannot be given together");
  require(!o.init || !o.resumes_from_path(), Exit::usage, "--init and --resume PATH cannot be given together");
  require(o.prints_only() || o.out, Exit::usage, "--out: missing; see moe-train --help");
  return std::nullopt;
}

}  // namespace moelm
