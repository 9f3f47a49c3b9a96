// The memory that training a model takes at its peak, computed from its shape before anything is allocated.
#pragma once

#include "base/index.hpp"
#include "config/model_config.hpp"
#include "config/optimizer_config.hpp"

namespace moelm {

/// Bytes by what they hold. With N rows a pass, D the width a layer reads, 4 bytes a number:
struct TrainingMemory {
  Index weights = 0;      ///< every stored number, 2 bytes each of experts that are kept in bfloat16
  Index moments = 0;      ///< of every stored number, by the kind of its group, and the last step of each expert and
                          ///< of each row of a table whose gradient is of few rows
  Index gradients = 0;    ///< of all but the experts; of the embedding at most N rows; one expert's matrix a thread
  Index activations = 0;  ///< what passes keep for backward: an LSTM of H cells and output R about N (7H + 4R), an MoE
                          ///< layer N (6E + 2D) for its gate and 2 N k (2D + sum of F) for its routed rows, every layer
                          ///< its output, and the logits of one chunk of rows (of an adaptive softmax in the head and
                          ///< in the largest cluster)
  Index validation = 0;   ///< activations of a validation and the copies of weights that it makes
  Index copies = 0;   ///< weights in the order of the matrix library: all layers but the experts, one expert per thread
  Index streams = 0;  ///< what layers remember of each stream, three times (now, before the step, in a checkpoint that
                      ///< is being written), and the text that is read ahead of it
  Index tensors = 0;  ///< overhead of each expert matrix beside its numbers; the largest part for many small experts
  Index exchange = 0;  ///< with several ranks: rows on their journey to experts and back, and gradients of copies that
                       ///< are being added; with several lanes of a rank also their partial sums
  Index process = 0;   ///< the program itself, its libraries and its input

  Index total() const {
    return weights + moments + gradients + activations + copies + validation + streams + tensors + exchange + process;
  }
};

/// Rows of the experts of the rank that gets most rows, divided by the mean over the ranks.
inline constexpr double kExpectedOverload = 1.25;

/// Predicted tokens that are in memory together.
struct TrainingRows {
  Index step = 0;             ///< of an optimizer step
  Index pass = 0;             ///< at most of a pass where a step is made of several, 0: the step
  Index validation = 0;       ///< of a validation, 0: there is none
  Index streams = 0;          ///< sequences side by side in a step, each with a carried state
  Index reading = 0;          ///< bytes that reading each stream takes
  bool full_softmax = false;  ///< whether some steps use the full softmax although the softmax samples
  Index ranks = 1;            ///< that share the rows and the experts
  Index lanes = 1;            ///< of a rank
};

/// Memory of training a valid model whose products read `products`. Experts' rows are counted as they are (N k in all),
/// so that no routing takes more. With several ranks it is that of the leader, which has the streams of all and whose
/// experts are expected to get kExpectedOverload times their share of the rows; another routing may take more.
TrainingMemory training_memory(const ModelConfig& config, Index vocabulary, const TrainingRows& rows, int threads,
                               const OptimizerConfig& optimizer = {}, DataType products = DataType::f32);

}  // namespace moelm
