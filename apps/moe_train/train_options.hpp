// The command line of moe-train.
#pragma once

#include <optional>
#include <string>

#include "common/command.hpp"
#include "run/resolve_config.hpp"

namespace moelm {

/// The values of the command line.
struct TrainOptions {
  std::optional<std::string> data, out;
  ConfigOptions config;
  std::string resume = "auto";  ///< auto, never, or the path of a checkpoint
  std::optional<std::string> init;
  std::optional<double> max_seconds;
  std::optional<Index> vocabulary;
  std::optional<Index> ranks;                      ///< of a --dry-run
  std::optional<std::string> network;              ///< between them
  std::optional<double> node_gflops, memory_rate;  ///< of their machines
  bool dry_run = false;
  bool force = false;
  bool break_lock = false;
  bool list_presets = false;
  bool list_keys = false;
  bool print_config = false;

  /// Whether something is printed and nothing trained.
  bool prints_only() const { return dry_run || list_presets || list_keys || print_config; }
  bool resumes_from_path() const { return resume != "auto" && resume != "never"; }
};

/// The command with all its options bound to `options`, which must outlive it.
class TrainCommand {
 public:
  explicit TrainCommand(TrainOptions& options);

  /// Parses, and checks that the options go together. Returns an exit code if the program has to end at once.
  std::optional<int> parse(int argc, const char* const* argv);
  const Command& command() const { return command_; }

 private:
  TrainOptions& options_;
  Command command_;
  std::optional<std::string> max_time_, resume_;
};

}  // namespace moelm
