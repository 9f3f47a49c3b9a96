// Dropout of whole tokens (Gal and Ghahramani 2016): a token of the vocabulary is dropped wherever it occurs in a step.
#pragma once

#include <cstdint>
#include <span>

#include "base/context.hpp"
#include "base/random.hpp"
#include "tensor/view.hpp"

namespace moelm {

/// Where the mask comes from. The number of a token is a function of stream, step and token alone.
struct EmbeddingDropout {
  RandomStream stream;
  Index step;
  double rate;  ///< probability of dropping, 0 <= rate < 1
};

/// Row x[i] becomes 0 if tokens[i] is dropped, else x[i] / (1 - rate); x [N, D]. Its own adjoint: use it for gradients
/// too.
void apply_embedding_dropout(Context& context, const EmbeddingDropout& dropout, std::span<const std::int32_t> tokens,
                             MatrixView x);

}  // namespace moelm
