// A source of training batches that can continue from any position.
#pragma once

#include <memory>

#include "config/train_config.hpp"
#include "data/dataset.hpp"
#include "model/batch.hpp"

namespace moelm {

/// A place between batches. The next batch is number `index` of pass `pass`, both counted from 0.
struct BatchPosition {
  Index pass = 0;
  Index index = 0;
};

/// Yields batches forever, pass after pass. Not thread-safe.
class BatchSource {
 public:
  virtual ~BatchSource() = default;
  BatchSource(const BatchSource&) = delete;
  BatchSource& operator=(const BatchSource&) = delete;

  /// Fills `batch` and advances. Returns whether the recurrent state has to be zero before this batch.
  virtual bool next(Batch& batch) = 0;
  virtual BatchPosition position() const = 0;
  /// Error(bad_data) for a position beyond the end of a pass: it belongs to another text.
  virtual void seek(BatchPosition position) = 0;
  /// Batches of one pass over the text.
  virtual Index batches_per_pass() const = 0;
  /// B of a full batch, a coordinate of random numbers. With streams it is also the number of carried states.
  virtual Index streams() const = 0;

 protected:
  BatchSource() = default;
  void require_within_pass(BatchPosition position) const;
};

/// StateKind::carry: B contiguous streams of the text side by side, in windows of T steps. Every token once per pass.
std::unique_ptr<BatchSource> make_stream_batches(const Dataset& data, Split split, Index streams, Index unroll);

/// StateKind::reset: whole lines, those of similar length together, at most `batch_tokens` tokens per batch. Longer
/// lines are cut. The order of the batches within a stretch of text is drawn from `seed`.
std::unique_ptr<BatchSource> make_line_batches(const Dataset& data, Split split, Index batch_tokens,
                                               std::uint64_t seed);

/// The batches of the training text, by train.state.
std::unique_ptr<BatchSource> make_batches(const TrainConfig& config, const Dataset& data);

}  // namespace moelm
