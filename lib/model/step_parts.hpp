// A batch cut between its streams: into parts that are passed one after another because one pass has not the memory for
// it, or into the lanes of a step over several ranks.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/batch.hpp"
#include "model/language_model.hpp"

namespace moelm {

/// Streams `first` and following of a larger batch.
struct BatchPart {
  Index first = 0;
  Batch batch;
};

/// A lane of a step: some of its streams, and the state that they carry.
struct Lane {
  BatchPart part;
  ModelState state;

  bool empty() const { return part.batch.rows() == 0; }
};

/// Cuts a batch between its streams into parts of at most `max_rows` rows, at least one stream each; 0: one part.
std::vector<BatchPart> split_batch(const Batch& batch, Index max_rows);

/// Cuts a batch between its streams into `lanes` parts of about equally many rows, a function of the batch alone. The
/// first part has rows; others may have none.
std::vector<BatchPart> cut_lanes(const Batch& batch, Index lanes);

/// The streams of lanes that follow each other in what cut_lanes made of a batch, as one sequence.
Sequence streams_of(std::span<const Lane> lanes);

/// The rows of `own` in a sequence that has its streams behind `before` others.
std::vector<std::int32_t> rows_among(const Sequence& all, const Sequence& own, Index before);

/// The state of a part's streams, copied.
ModelState state_of(const ModelState& state, const BatchPart& part);

/// Puts the state of a part's streams, of which `first` is the first, back among those of all.
void put_state(const ModelState& of_part, Index first, ModelState& state);

}  // namespace moelm
