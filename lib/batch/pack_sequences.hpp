// Packs token sequences into a batch: time-major, longest first.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/batch.hpp"

namespace moelm {

using TokenSequences = std::span<const std::span<const std::int32_t>>;

enum class LengthOrder { shortest_first, longest_first };

/// Indices of the sequences by length. Sequences of equal length keep their order.
std::vector<std::size_t> order_by_length(TokenSequences sequences, LengthOrder order);

/// Where a row of a batch came from.
struct RowOrigin {
  std::size_t sequence;
  Index place;  ///< within the sequence
};

struct PackedSequences {
  Batch batch;
  std::vector<std::size_t> order;  ///< order[b]: the sequence that is stream b of the batch
  std::vector<RowOrigin> origin;   ///< one entry per row
};

/// Packs sequences of any lengths and order into one batch. The row of token t predicts it from token t - 1 of the same
/// sequence, and the row of token 0 from `previous`, which has one token per sequence. Empty sequences have no row.
/// Reuses the memory of `packed`.
void pack_sequences(TokenSequences sequences, std::span<const std::int32_t> previous, PackedSequences& packed);

}  // namespace moelm
