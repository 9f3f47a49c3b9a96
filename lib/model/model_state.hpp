// What a model remembers of each stream between windows.
#pragma once

#include <span>
#include <vector>

#include "model/parameters.hpp"

namespace moelm {

/// Recurrent state of every stream, one entry per layer (empty if a layer has none).
struct ModelState {
  std::vector<LstmState> layers;

  ModelState clone() const;
  /// Becomes a copy of `other`; memory is used again.
  void copy_from(const ModelState& other);
  /// Zero state for `streams` streams.
  void reset(const ModelParameters& parameters, Index streams);
  /// Stream i becomes a copy of stream streams[i] of `from`, which is another state; memory is used again.
  void select(const ModelState& from, std::span<const Index> streams);
  /// One stream returns to the zero state.
  void clear(Index stream);
};

/// The carried state as tensors layers.i.h and layers.i.c.
std::vector<NamedTensor> state_tensors(ModelState& state);

}  // namespace moelm
