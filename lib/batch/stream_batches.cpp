#include <algorithm>
#include <string>
#include <vector>

#include "base/check.hpp"
#include "batch/batch_source.hpp"
#include "data/token_cursor.hpp"

namespace moelm {

namespace {

/// Stream b reads tokens [begin(b), begin(b + 1)). If B does not divide the text, the first streams have one token
/// more.
class StreamBatches final : public BatchSource {
 public:
  StreamBatches(const Dataset& data, Split split, Index streams, Index unroll)
      : data_(data), tokens_(data.tokens(split)), unroll_(unroll) {
    ensure(streams >= 1 && unroll >= 1, "streams and steps are positive");
    require(tokens_ >= 1, Exit::bad_data, data.directory() + ": split train: expected at least 1 token, found none");
    streams_ = std::min(streams, tokens_);
    previous_.resize(streams_);
    for (Index b = 0; b < streams_; ++b) cursors_.emplace_back(data, split, begin(b));
    seek({});
  }

  bool next(Batch& batch) override {
    const bool fresh = position_.index == 0;
    const Index offset = position_.index * unroll_;
    const Index steps = std::min(unroll_, length(0) - offset);
    std::vector<Index> active;
    for (Index t = 0; t < steps; ++t) active.push_back(offset + t < length(streams_ - 1) ? streams_ : longer_streams());
    batch.sequence = Sequence(std::move(active));
    fill(batch);
    ++position_.index;
    if (position_.index == batches_per_pass()) seek({position_.pass + 1, 0});
    return fresh;
  }

  BatchPosition position() const override { return position_; }

  void seek(BatchPosition position) override {
    require_within_pass(position);
    position_ = position;
    for (Index b = 0; b < streams_; ++b) {
      const Index offset = std::min(position.index * unroll_, length(b));
      auto& previous = previous_[b];
      TokenCursor& cursor = cursors_[b];
      previous = data_.tokenizer().end_id();
      cursor.seek(begin(b) + offset - (offset > 0 ? 1 : 0));
      if (offset > 0) cursor.read(1, &previous);
    }
  }

  Index batches_per_pass() const override { return (length(0) + unroll_ - 1) / unroll_; }
  Index streams() const override { return streams_; }

 private:
  Index longer_streams() const { return tokens_ % streams_; }
  Index length(Index b) const { return tokens_ / streams_ + (b < longer_streams() ? 1 : 0); }
  Index begin(Index b) const { return b * (tokens_ / streams_) + std::min(b, longer_streams()); }

  void fill(Batch& batch) {
    const Sequence& s = batch.sequence;
    batch.inputs.resize(s.rows());
    batch.targets.resize(s.rows());
    std::vector<std::int32_t> tokens(s.steps());
    for (Index b = 0; b < s.streams(); ++b) {
      Index steps = s.steps();
      while (s.active(steps - 1) <= b) --steps;
      const Index read = cursors_[b].read(steps, tokens.data());
      ensure(read == steps, "a stream has as many tokens as its length says");
      for (Index t = 0; t < steps; ++t) {
        const Index row = s.offset(t) + b;
        batch.inputs[row] = previous_[b];
        batch.targets[row] = previous_[b] = tokens[t];
      }
    }
  }

  const Dataset& data_;
  Index tokens_, unroll_, streams_;
  std::vector<TokenCursor> cursors_;
  std::vector<std::int32_t> previous_;
  BatchPosition position_;
};

}  // namespace

void BatchSource::require_within_pass(BatchPosition position) const {
  require(position.pass >= 0 && position.index >= 0 && position.index < batches_per_pass(), Exit::bad_data,
          "training text: expected a position within its " + std::to_string(batches_per_pass()) +
              " batches per pass, found batch " + std::to_string(position.index) + "; it is not the text of this run");
}

std::unique_ptr<BatchSource> make_stream_batches(const Dataset& data, Split split, Index streams, Index unroll) {
  return std::make_unique<StreamBatches>(data, split, streams, unroll);
}

std::unique_ptr<BatchSource> make_batches(const TrainConfig& c, const Dataset& data) {
  if (c.state == StateKind::reset)
    return make_line_batches(data, Split::train, c.batch_tokens, static_cast<std::uint64_t>(c.seed));
  return make_stream_batches(data, Split::train, c.batch, c.unroll);
}

}  // namespace moelm
