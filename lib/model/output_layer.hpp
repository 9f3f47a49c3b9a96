// The last layer of a model in a pass: the softmax in the form that the configuration asks for, with a table of its own
// or that of the embedding.
#pragma once

#include <cstdint>
#include <span>

#include "base/context.hpp"
#include "model/language_model.hpp"

namespace moelm {

/// nll of every row of x [N, D] in nats, over the whole vocabulary.
void output_score(Context& context, const ModelConfig& config, const ModelParameters& parameters, ConstMatrixView x,
                  std::span<const std::int32_t> targets, ModelCache& cache, std::span<double> nll);

/// ln p of every token for each row of x [N, D] in nats, into log_probabilities [N, V]: the distributions that
/// output_score takes its targets from, each value rounded to float.
void output_log_probabilities(Context& context, const ModelConfig& config, const ModelParameters& parameters,
                              ConstMatrixView x, ModelCache& cache, MatrixView log_probabilities);

/// The loss of every row in training, and the gradient of sum(nll) / rows_of_step: into the gradients of the softmax
/// and of the embedding where they share a table, and into dx [N, D]. The loss is over a sample of the vocabulary where
/// the softmax samples, unless options.full_softmax.
void output_backward(Context& context, const ModelConfig& config, const ModelParameters& parameters, ConstMatrixView x,
                     std::span<const std::int32_t> targets, const PassOptions& options, double rows_of_step,
                     ModelCache& cache, ModelGradients& gradients, std::span<double> nll, MatrixView dx);

}  // namespace moelm
