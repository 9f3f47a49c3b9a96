#include <algorithm>
#include <numeric>
#include <vector>

#include "base/check.hpp"
#include "base/checked.hpp"
#include "base/random.hpp"
#include "batch/batch_source.hpp"
#include "batch/split_lines.hpp"

namespace moelm {

namespace {

// Lines are sorted by length within a stretch of so many batches, and of at most so many tokens (or of one batch).
constexpr Index kPoolBatches = 64, kMostPoolTokens = Index{1} << 24;

Index pool_tokens(Index batch_tokens) {
  return std::max(batch_tokens, std::min(product_at_most(kPoolBatches, batch_tokens), kMostPoolTokens));
}

using Line = std::vector<std::int32_t>;
using LineNumbers = std::vector<std::size_t>;  // of a pool

/// Lines of one batch, longest first.
Batch pack_lines(const std::vector<Line>& pool, LineNumbers lines, std::int32_t end) {
  std::stable_sort(lines.begin(), lines.end(), [&](auto a, auto b) { return pool[a].size() > pool[b].size(); });
  Batch batch;
  std::vector<Index> active;
  std::size_t count = lines.size();
  for (std::size_t t = 0; t < pool[lines[0]].size(); ++t) {
    while (pool[lines[count - 1]].size() <= t) --count;
    active.push_back(static_cast<Index>(count));
    for (std::size_t b = 0; b < count; ++b) {
      const Line& line = pool[lines[b]];
      batch.inputs.push_back(t == 0 ? end : line[t - 1]);
      batch.targets.push_back(line[t]);
    }
  }
  batch.sequence = Sequence(std::move(active));
  return batch;
}

/// Cuts the lines of a pool, taken by length, into batches of at most `most_tokens`.
std::vector<LineNumbers> batches_by_length(const std::vector<Line>& pool, Index most_tokens) {
  LineNumbers by_length(pool.size());
  std::iota(by_length.begin(), by_length.end(), std::size_t{0});
  std::stable_sort(by_length.begin(), by_length.end(), [&](auto a, auto b) { return pool[a].size() < pool[b].size(); });
  std::vector<LineNumbers> batches;
  Index tokens = most_tokens;
  for (const std::size_t i : by_length) {
    const auto length = static_cast<Index>(pool[i].size());
    if (tokens + length > most_tokens) {
      batches.emplace_back();
      tokens = 0;
    }
    batches.back().push_back(i);
    tokens += length;
  }
  return batches;
}

/// Where a stretch of the text begins, and its first batch.
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
    const auto in_pool = static_cast<std::size_t>(position_.index - pools_[pool].batch);
    batch = pack_lines(lines_, batches_[in_pool], data_.tokenizer().end_id());
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
    return static_cast<std::size_t>(after - pools_.begin()) - 1;
  }

  void load_pool(std::size_t pool) {
    pool_ = kNone;  // until it is whole
    SplitLines lines = lines_from(pools_[pool].place);
    read_pool(lines);
    shuffle(pools_[pool].batch);
    pool_ = pool;
    pool_pass_ = position_.pass;
  }

  /// Reads the next stretch of lines and cuts it into batches; false at the end of the text.
  bool read_pool(SplitLines& lines) {
    lines_.clear();
    LinePart line;
    for (Index tokens = 0; tokens < pool_tokens(batch_tokens_) && lines.next(line);) {
      tokens += static_cast<Index>(line.ids.size());
      lines_.push_back(line.ids);
    }
    batches_ = batches_by_length(lines_, batch_tokens_);
    return !batches_.empty();
  }

  /// Fisher-Yates: neighbours in the text would otherwise follow each other by length.
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
  std::vector<PoolStart> pools_;  // of the whole text, so that a place in it is found without reading up to there
  std::size_t pool_ = kNone;      // the one that is loaded, for the pass pool_pass_
  Index pool_pass_ = 0;
  std::vector<Line> lines_;
  std::vector<LineNumbers> batches_;
};

}  // namespace

std::unique_ptr<BatchSource> make_line_batches(const Dataset& data, Split split, Index batch_tokens,
                                               std::uint64_t seed) {
  return std::make_unique<LineBatches>(data, split, batch_tokens, seed);
}

}  // namespace moelm
