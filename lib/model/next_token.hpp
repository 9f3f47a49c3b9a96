// The distribution of the token after each row of a pass: of the whole vocabulary, or of the tokens asked for.
#pragma once

#include <cstdint>
#include <span>

#include "model/language_model.hpp"

namespace moelm {

/// ln p of every token after each of the N rows of the last model_forward of the cache, in nats, into
/// log_probabilities [N, V].
void next_token_log_probabilities(Context& context, const ModelConfig& config, const ModelParameters& parameters,
                                  ModelCache& cache, MatrixView log_probabilities);

/// A token that may follow a row of a pass. Several may follow the same row.
struct NextToken {
  Index row = 0;
  std::int32_t token = 0;
};

/// nll[i] = -ln p(next[i]) in nats, after the last model_forward of the cache. The same numbers as model_score.
void next_token_nll(Context& context, const ModelConfig& config, const ModelParameters& parameters,
                    std::span<const NextToken> next, ModelCache& cache, std::span<double> nll);

}  // namespace moelm
