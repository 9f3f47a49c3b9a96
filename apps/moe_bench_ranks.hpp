// The options of moe-bench that predict steps over ranks instead of measuring this machine.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/data_type.hpp"
#include "common/command.hpp"

namespace moelm {

struct RankOptions {
  std::optional<std::string> ranks, preset, hidden;
  std::vector<std::string> networks, assignments;
  std::optional<Index> rows, vocabulary, seed;
  std::optional<double> node_gflops, memory_rate, oversubscription, jitter, load_cv;
  bool no_overlap = false;

  bool active() const { return ranks.has_value(); }
};

void declare_ranks(Command& command, RankOptions& options);

/// Error(usage) if one of them stands without --ranks.
void require_ranks(const Command& command, const RankOptions& options);

/// Predicts and prints; draws `plot` where there is one. Returns the exit code.
int run_ranks(const Command& command, const RankOptions& options, std::optional<DataType> products,
              const std::optional<std::string>& plot, bool force);

}  // namespace moelm
