// One pass of a model over a text, with statistics of every gated MoE layer.
#pragma once

#include <functional>
#include <string_view>

#include "base/context.hpp"
#include "model/language_model.hpp"
#include "statistics/expert_report.hpp"
#include "statistics/row_classes.hpp"
#include "statistics/statistics_text.hpp"

namespace moelm {

struct StatisticsPass {
  StateKind state = StateKind::carry;
  std::string text_name = "text";  ///< what errors call the text
  Index streams = 1;               ///< of `carry`: 1 is exact; more cut the text, each part from the zero state
  /// Given every decision as lines of a table with a header, in the order of the text; needs one stream.
  std::function<void(std::string_view lines)> routes;
  Index shown_tokens = kSentenceTokens;      ///< a text of at most so many is kept row by row
  std::function<void(Index done)> progress;  ///< told after each batch how many tokens are done
};

/// The layers of the report, its tokens and its perplexity, which equals that of moe-eval for this policy. The caller
/// adds title and facts. The text was loaded for this state. Error(diverged) if the perplexity is not finite.
StatisticsReport collect_statistics(Context& context, const ModelConfig& config, const ModelParameters& parameters,
                                    const Tokenizer& tokenizer, const StatisticsText& text, const RowClasses& classes,
                                    const StatisticsPass& pass);

/// Indices in model.layers of the MoE layers with a gate.
std::vector<Index> layers_with_gate(const ModelConfig& config);

}  // namespace moelm
