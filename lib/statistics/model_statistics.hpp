// The experts of a trained model on a text or on a split of its data: the work of moe-stats.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "data/data_index.hpp"
#include "model_files/model_store.hpp"
#include "statistics/expert_report.hpp"

namespace moelm {

/// What is read with the model.
struct StatisticsRequest {
  std::vector<std::string> texts;       ///< files, "-" for standard input; empty: a split of the data
  std::optional<std::string> sentence;  ///< the text itself, of at most kMaxSentenceTokens tokens
  std::optional<std::string> data;      ///< data folder; by default the run's own
  Split split = Split::test;            ///< of the data folder
  std::optional<std::string> classes;   ///< file with one label for each line of the text
};

/// Functions called during the work. Any of them may be missing.
struct StatisticsHooks {
  std::function<void(const std::string& note)> note;      ///< what a reader of the report should know of the text
  std::function<void(std::string_view lines)> routes;     ///< as StatisticsPass::routes; keeps to one stream
  std::function<void(Index done, Index total)> progress;  ///< tokens
};

/// Reads the text and passes it through the model in the state that the model was trained in. Error(bad_data) for a
/// text without tokens, Error(diverged) if the perplexity is not finite.
StatisticsReport model_statistics(Context& context, const LoadedModel& model, const StatisticsRequest& request,
                                  const StatisticsHooks& hooks = {});

}  // namespace moelm
