// The options of moe-eval that let a model adapt to the text that it scores.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "adaptation/tuning.hpp"
#include "common/command.hpp"
#include "evaluation/evaluation.hpp"
#include "model_files/model_store.hpp"

namespace moelm {

struct AdaptationOptions {
  std::optional<Index> cache, segment;
  std::optional<double> theta, lambda, lr, decay;
  bool dynamic = false;

  bool active() const { return cache || dynamic; }
};

void declare_adaptation(Command& command, AdaptationOptions& options);

/// Error(usage) if options contradict each other or the policy.
AdaptationRequest adaptation_request(const AdaptationOptions& options, const EvaluationPolicy& policy);

/// The model of an evaluation that adapts. Model and context must outlive it.
class ModelAdaptation {
 public:
  /// Reads what dynamic evaluation needs of the checkpoint. Error(missing_input) if the checkpoint has no moments.
  ModelAdaptation(Context& context, LoadedModel& model, const AdaptationRequest& request);

  /// Error(out_of_memory) if it takes more memory than there is, for a text of at most `tokens` tokens. Else the bytes.
  Index require_memory(Index tokens) const;

  /// Chooses what the request leaves open on the validation split of `data()`, and makes the scorer adapt.
  Adaptation begin(Scorer& scorer, const std::function<const Dataset&()>& data,
                   const std::function<void(const std::string&)>& tell);

  double static_nll() const { return scores_->static_nll(); }

 private:
  Context& context_;
  LoadedModel& model_;
  AdaptationRequest request_;
  GradientRms gradients_;
  std::optional<AdaptedScores> scores_;
};

}  // namespace moelm
