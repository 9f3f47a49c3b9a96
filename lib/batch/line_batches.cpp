#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "base/checked.hpp"
#include "base/random.hpp"
#include "batch/batch_source.hpp"
#include "batch/pack_sequences.hpp"
#include "batch/split_lines.hpp"

namespace moelm {

namespace {

// A pool is the stretch of text whose lines are sorted by length: 64 batches of tokens, at most 2^24 tokens, but at
// least one batch.
constexpr Index kPoolBatches = 64, kMaxPoolTokens = Index{1} << 24;

Index pool_tokens(Index batch_tokens) {
  return std::max(batch_tokens, std::min(product_at_most(kPoolBatches, batch_tokens), kMaxPoolTokens));
}

using Line = std::vector<std::int32_t>;
using LineNumbers = std::vector<std::size_t>;  // indices into the lines of a pool

/// Cuts the lines of a pool, shortest first, into batches of at most `max_tokens`.
std::vector<LineNumbers> batches_by_length(TokenSequences pool, Index max_tokens) {
  std::vector<LineNumbers> batches;
  Index tokens = max_tokens;
  for (const std::size_t i : order_by_length(pool, LengthOrder::shortest_first)) {
    const auto length = static_cast<Index>(pool[i].size());
    if (tokens + length > max_tokens) {
      batches.emplace_back();
      tokens = 0;
    }
    batches.back().push_back(i);
    tokens += length;
  }
  return batches;
}

/// Where a pool begins in the text, and its first batch.
struct PoolStart {
  LinePlace place;
  Index batch = 0;
};

class LineBatches final : public BatchSource {
 public:
  LineBatches(const Dataset& data, Split split, Index batch_tokens, std::uint64_t seed)
      : data_(data), split_(split), batch_tokens_(batch_tokens), order_(seed, "line-order", 0) {
    require(data.tokens(split) >= 1, Exit::bad_data,
            data.directory() + ": split train: expected at least 1 token, found none");
    SplitLines lines = lines_from({});
    for (PoolStart start; read_pool(lines); start = {lines.place(), batches_per_pass_}) {
      pools_.push_back(start);
      batches_per_pass_ += static_cast<Index>(batches_.size());
    }
  }

  bool next(Batch& batch) override {
    const std::size_t pool = pool_of(position_.index);
    if (pool != pool_ || position_.pass != pool_pass_) load_pool(pool);
    std::vector<std::span<const std::int32_t>> lines;
    for (const std::size_t i : batches_[position_.index - pools_[pool].batch]) lines.emplace_back(lines_[i]);
    const std::vector<std::int32_t> previous(lines.size(), data_.tokenizer().end_id());
    pack_sequences(lines, previous, packed_);
    batch = std::move(packed_.batch);
    if (++position_.index == batches_per_pass_) position_ = {position_.pass + 1, 0};
    return true;
  }

  BatchPosition position() const override { return position_; }

  void seek(BatchPosition position) override {
    require_within_pass(position);
    position_ = position;
  }

  Index batches_per_pass() const override { return batches_per_pass_; }
  Index streams() const override { return batch_tokens_; }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  SplitLines lines_from(const LinePlace& place) const {
    return SplitLines(data_, split_, StateKind::reset, batch_tokens_, place);
  }

  std::size_t pool_of(Index batch) const {
    const auto later = [](Index index, const PoolStart& start) { return index < start.batch; };
    const auto after = std::upper_bound(pools_.begin(), pools_.end(), batch, later);
    return after - pools_.begin() - 1;
  }

  void load_pool(std::size_t pool) {
    pool_ = kNone;  // if reading throws, no pool is loaded
    SplitLines lines = lines_from(pools_[pool].place);
    read_pool(lines);
    shuffle(pools_[pool].batch);
    pool_ = pool;
    pool_pass_ = position_.pass;
  }

  /// Reads the lines of the next pool and cuts them into batches. Returns false at the end of the text.
  bool read_pool(SplitLines& lines) {
    lines_.clear();
    LinePart line;
    for (Index tokens = 0; tokens < pool_tokens(batch_tokens_) && lines.next(line);) {
      tokens += static_cast<Index>(line.ids.size());
      lines_.push_back(line.ids);
    }
    const std::vector<std::span<const std::int32_t>> pool(lines_.begin(), lines_.end());
    batches_ = batches_by_length(pool, batch_tokens_);
    return !batches_.empty();
  }

  /// Fisher-Yates shuffle of the batches, which are sorted by length before it.
  void shuffle(Index first_batch) {
    for (std::size_t i = batches_.size(); i > 1; --i) {
      const float u = order_.uniform(position_.pass, first_batch, static_cast<Index>(i));
      std::swap(batches_[i - 1], batches_[std::min(i - 1, static_cast<std::size_t>(u * static_cast<float>(i)))]);
    }
  }

  const Dataset& data_;
  Split split_;
  Index batch_tokens_;
  RandomStream order_;
  BatchPosition position_;
  Index batches_per_pass_ = 0;
  std::vector<PoolStart> pools_;  // of the whole text, so that seek() need not read it from the start
  std::size_t pool_ = kNone;      // the loaded pool, shuffled for the pass pool_pass_
  Index pool_pass_ = 0;
  std::vector<Line> lines_;
  std::vector<LineNumbers> batches_;
  PackedSequences packed_;
};

}  // namespace

std::unique_ptr<BatchSource> make_line_batches(const Dataset& data, Split split, Index batch_tokens,
                                               std::uint64_t seed) {
  return std::make_unique<LineBatches>(data, split, batch_tokens, seed);
}

}  // namespace moelm
