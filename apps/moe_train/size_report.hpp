// The costs of a configuration, for --dry-run and for the check before a run begins.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/machine.hpp"
#include "checkpoint/disk_plan.hpp"
#include "config/train_config.hpp"
#include "io/json.hpp"
#include "model/exposure.hpp"
#include "model/size.hpp"
#include "scale/rank_costs.hpp"
#include "training/memory.hpp"

namespace moelm {

/// --max-time, and an estimate of the tokens that training reads in it; 0: none.
struct GivenTime {
  double seconds = 0;
  double tokens = 0;
};

/// A model over a vocabulary on a machine.
struct SizeReport {
  RunConfig config;
  std::string base;  ///< the preset or file that the configuration began with
  Index vocabulary = 0;
  Index training_tokens = 0;  ///< 0: unknown
  Index steps_per_pass = 0;   ///< 0: unknown
  int ranks = 1;
  ThreadChoice threads;
  MemoryLimit limit;
  ModelSize size;
  TrainingMemory memory;
  Index checkpoint = 0;
  std::optional<GivenTime> time;
  std::vector<RankCosts> rank_costs;  ///< of 1, 2, 4 ... ranks, if they were asked for
  Network network;                    ///< between them
  Exposure exposure;                  ///< of the planned steps, or of the tokens that are expected in the time

  /// Sets `time`, and the exposure for it.
  void limit_time(const GivenTime& given);
  /// Predicts steps on 1, 2, 4 ... `most` ranks of such machines. Error(usage) if the text is no network.
  void plan_ranks(int most, const std::optional<std::string>& network, const MachineRates& machine);
  /// Bytes of one checkpoint: weights and moments. Headers and carried states add little.
  Index checkpoint_bytes() const { return checkpoint; }
  bool fits() const { return memory.total() <= limit.bytes; }
};

/// Allocates nothing of the model. With several ranks, threads and memory are those of each.
SizeReport size_report(const RunConfig& config, const std::string& base, Index vocabulary, Index training_tokens,
                       Index steps_per_pass, const ThreadChoice& threads, int ranks = 1);

std::string size_table(const SizeReport& report);
Json size_json(const SizeReport& report);

/// "2 threads (physical cores), 1.20 GiB of 23.2 GiB memory (MemAvailable), f32".
std::string machine_line(const SizeReport& report);

/// "9,614 steps of 1,120 tokens (32 x 35), 12 passes over 897,286 tokens; cosine, lr 0.004, ...".
std::string training_line(const SizeReport& report);

/// "checkpoints of 112 MiB every 10m, the newest 3 and the best kept: 560 MiB of 78 GiB".
std::string checkpoint_line(const SizeReport& report, const DiskPlan& disk);

/// Advice if the softmax takes most of the work, else "".
std::string softmax_advice(const ModelSize& size);

}  // namespace moelm
