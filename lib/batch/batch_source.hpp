// Where training batches come from: an order of the training text that resumes from a position.
#pragma once

#include <memory>

#include "config/train_config.hpp"
#include "data/dataset.hpp"
#include "model/batch.hpp"

namespace moelm {

/// The next batch of a source: batch `index` of pass `pass`, both counted from 0.
struct BatchPosition {
  Index pass = 0;
  Index index = 0;
};

/// Yields batches forever, pass after pass. One thread at a time.
class BatchSource {
 public:
  virtual ~BatchSource() = default;
  BatchSource(const BatchSource&) = delete;
  BatchSource& operator=(const BatchSource&) = delete;

  /// Fills `batch` and advances. Returns whether the recurrent state has to be zero before it.
  virtual bool next(Batch& batch) = 0;
  virtual BatchPosition position() const = 0;
  /// Error(bad_data) for a place beyond the end of a pass: the text is not the one that the place was remembered for.
  virtual void seek(BatchPosition position) = 0;
  /// Batches of one pass over the text.
  virtual Index batches_per_pass() const = 0;
  /// B of a whole batch, the coordinate of random numbers; of streams also the number of carried states.
  virtual Index streams() const = 0;

 protected:
  BatchSource() = default;
  void require_within_pass(BatchPosition position) const;
};

/// StateKind::carry: B contiguous streams of the text side by side, windows of T steps; every token once a pass.
std::unique_ptr<BatchSource> make_stream_batches(const Dataset& data, Split split, Index streams, Index unroll);

/// StateKind::reset: whole lines, those of similar length together, at most `batch_tokens` tokens a batch (a longer
/// line is cut); the order of the batches within a stretch of text is drawn from `seed`.
std::unique_ptr<BatchSource> make_line_batches(const Dataset& data, Split split, Index batch_tokens,
                                               std::uint64_t seed);

/// The training text as the configuration wants it.
std::unique_ptr<BatchSource> make_batches(const TrainConfig& config, const Dataset& data);

}  // namespace moelm
