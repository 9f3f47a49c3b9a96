// Dynamic evaluation (Krause et al. 2018, arXiv 1709.07432): a copy of the trained weights that goes on learning from
// the text that it has just scored.
//   w += -lr g / (r + epsilon) + min(1, decay r / mean(r)) (w0 - w)
// g is the gradient of a segment's mean nll, r the root mean square of the gradients of training (GradientRms), w0 the
// trained weight, and epsilon = kRmsFloor mean(r). There is neither dropout nor gate noise, and no balancing loss.
// Unlike in the paper, rows of the embedding and experts that had no token in a segment stay as they are.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "adaptation/adaptation.hpp"
#include "adaptation/gradient_rms.hpp"
#include "base/context.hpp"
#include "model/language_model.hpp"

namespace moelm {

/// epsilon of the update, relative to the mean root mean square of the gradients.
inline constexpr double kRmsFloor = 1;

/// A trained model, as adaptation needs it. The parameters are only read.
struct TrainedModel {
  const ModelConfig& config;
  ModelParameters& parameters;
  const GradientRms* gradients = nullptr;  ///< for dynamic evaluation
};

/// Error(bad_config) if the weights of a model cannot be adapted: experts in bfloat16 are too coarse for small steps.
void require_adaptable(const ModelConfig& config);

/// Weights that follow one text from its beginning. Not thread-safe. Context and trained model must outlive it.
class DynamicModel {
 public:
  /// The token before the text is `</s>`, so it is part of the first batch's inputs.
  DynamicModel(Context& context, const TrainedModel& trained, const DynamicSettings& settings);

  /// nll of the next rows of the text, a batch of one stream, in nats; h [rows, width] receives the inputs of the
  /// softmax. Each row is scored before the weights see its target. After every `segment` rows of the text, however it
  /// is cut into batches, the weights make a step. With the rate 0 the scores are those of the trained model to the
  /// bit.
  void score(const Batch& batch, std::span<double> nll, Matrix& h);

  ModelParameters& parameters() { return parameters_; }

  /// Bytes beside those of the trained model, for as many adapted numbers.
  static double bytes(Index weights) { return 3.0 * 4.0 * static_cast<double>(weights); }

 private:
  /// Where a tensor comes from, and the size of its gradients.
  struct Source {
    const float* trained;
    const float* rms;
  };

  void learn_segment();
  void update_tensors();
  void update_experts(std::vector<ExpertParameters>& experts, ExpertsCache& cache);
  void update(Index n, const float* gradient, const Source& from, Index first, float* weights) const;

  Context& context_;
  DynamicSettings settings_;
  ModelConfig config_;
  ModelParameters parameters_;
  ModelGradients gradients_;
  std::map<const Matrix*, Source> sources_;  // by the adapted tensor
  double mean_rms_;
  ModelCache cache_;
  ModelState state_, before_, passed_;  // after the scored rows, before the segment, of the pass for its gradient
  Batch segment_;                       // its rows that are scored already
  std::vector<double> nll_;
};

}  // namespace moelm
