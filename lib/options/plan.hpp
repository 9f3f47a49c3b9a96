// Defaults that follow from the number of training tokens and from the time that is given, as pure functions.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/index.hpp"
#include "options/config_json.hpp"

namespace moelm {

/// The maximum number of passes of a training with --max-time and without --epochs or --steps.
inline constexpr double kMaxTimedPasses = 30;

/// The time that a token of a validation takes, over that of a token in training, measured: a third of the work, in
/// longer chains.
inline constexpr double kValidationShare = 0.5;

/// The part of the time of a training that planned validations take.
inline constexpr double kValidationTime = 0.05;

/// The preset for a corpus: the largest of large, base and small for which the text is long enough (50 and 5 million
/// tokens) and the training reads enough: base 42 million tokens, which is 5 for each weight that a token passes, large
/// 200 million, which is 3 for each weight of an expert. `tokens_read` says how many tokens a training of a preset
/// reads; empty: planned_tokens.
std::string preset_for(Index training_tokens, const std::function<double(const std::string& preset)>& tokens_read = {});

/// Predicted tokens of one optimizer step: streams x unroll, or batch_tokens for whole lines.
Index rows_per_step(const TrainConfig& config);

/// Tokens that training is planned to read: 16 million, but at least 3 and at most 12 passes.
Index planned_tokens(Index training_tokens);

/// The cutoffs of an adaptive softmax that saves time: 2,000, 10,000 and 50,000, those below half of the vocabulary.
std::vector<Index> planned_cutoffs(Index vocabulary);

/// Gives the model the adaptive softmax with planned_cutoffs, unless the user chose the softmax.
void plan_softmax(Index vocabulary, ConfigDraft& draft);

/// The divisor of an adaptive softmax with a tied table is 1, unless the user chose another one.
void widen_tied_clusters(ConfigDraft& draft);

/// Halves the number of streams until one batch is no longer than the text, unless the user chose it.
void fit_batch(Index training_tokens, ConfigDraft& draft);

/// What a plan knows of its text and of its time.
struct PlanFacts {
  Index training_tokens = 0;    ///< 0: the corpus is not known yet
  Index validation_tokens = 0;  ///< 0: none, or not known yet
  Index batches_per_pass = 0;   ///< 0: not counted, so all batches count as full
  /// The tokens that a training for a given time reads, estimated. Nothing: there is no limit.
  std::optional<double> tokens_in_time = {};
};

/// For more than five passes of a text: one dropout mask for a window, dropped tokens, weight decay, and biases that
/// begin at the tokens' frequencies. For more than 15 passes recurrent weights are dropped too. What the user chose
/// stays, and so does the softmax of a model whose layers are given.
void plan_many_passes(const PlanFacts& facts, ConfigDraft& draft);

/// The configuration with every open value decided.
///
/// Steps follow from epochs, else from planned_tokens. Dropout is 0.1 up to 2 passes, 0.2 up to 5, 0.3 up to 15 and 0.4
/// beyond. With tokens_in_time, steps are those of kMaxTimedPasses, because the time decides, and dropout goes by the
/// passes that are expected. Warm-up takes 5 % of the steps, at least 50 and at most 1,000. Validations come after
/// every pass or 1,000 steps, whichever is first. If they would take more than kValidationTime of the time, there are
/// fewer, but at least eight.
RunConfig plan_run(const ConfigDraft& draft, const PlanFacts& facts);

}  // namespace moelm
