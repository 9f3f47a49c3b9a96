#include <algorithm>
#include <numeric>
#include <vector>

#include "base/check.hpp"
#include "base/random.hpp"
#include "train/batch_source.hpp"
#include "train/line_reader.hpp"

namespace moelm {

namespace {

constexpr Index kPoolBatches = 64;  // lines are sorted by length within a stretch of so many batches

using Line = std::vector<std::int32_t>;

/// Lines of one batch, longest first.
Batch pack_lines(const std::vector<Line>& pool, std::vector<std::size_t> lines, std::int32_t end) {
  std::stable_sort(lines.begin(), lines.end(), [&](auto a, auto b) { return pool[a].size() > pool[b].size(); });
  std::vector<Index> active;
  for (std::size_t t = 0; t < pool[lines[0]].size(); ++t)
    active.push_back(std::count_if(lines.begin(), lines.end(), [&](auto i) { return pool[i].size() > t; }));
  Batch batch;
  batch.sequence = Sequence(std::move(active));
  for (Index t = 0; t < batch.sequence.steps(); ++t)
    for (Index b = 0; b < batch.sequence.active(t); ++b) {
      const Line& line = pool[lines[static_cast<std::size_t>(b)]];
      batch.inputs.push_back(t == 0 ? end : line[static_cast<std::size_t>(t) - 1]);
      batch.targets.push_back(line[static_cast<std::size_t>(t)]);
    }
  return batch;
}

class LineBatches final : public BatchSource {
 public:
  LineBatches(const Dataset& data, Split split, Index batch_tokens, std::uint64_t seed)
      : data_(data), split_(split), batch_tokens_(batch_tokens), order_(seed, "line-order", 0), reader_(data, split) {
    require(data.tokens(split) >= 1, Exit::bad_data,
            data.directory() + ": split train: expected at least 1 token, found none");
    while (load_pool()) batches_per_pass_ += static_cast<Index>(batches_.size());
    seek({});
  }

  bool next(Batch& batch) override {
    batch = pack_lines(pool_, batches_[static_cast<std::size_t>(position_.index - pool_begin_)],
                       data_.tokenizer().end_id());
    ++position_.index;
    if (position_.index == batches_per_pass_) {
      seek({position_.pass + 1, 0});
    } else if (position_.index == pool_begin_ + static_cast<Index>(batches_.size())) {
      pool_begin_ = position_.index;
      load_pool();
    }
    return true;
  }

  BatchPosition position() const override { return position_; }

  void seek(BatchPosition position) override {
    position_ = position;
    pool_begin_ = 0;
    reader_ = LineReader(data_, split_);
    load_pool();
    while (position.index >= pool_begin_ + static_cast<Index>(batches_.size())) {
      pool_begin_ += static_cast<Index>(batches_.size());
      load_pool();
    }
  }

  Index batches_per_pass() const override { return batches_per_pass_; }
  Index streams() const override { return batch_tokens_; }

 private:
  /// Reads the next stretch of lines and cuts it into batches; false at the end of the text.
  bool load_pool() {
    pool_.clear();
    batches_.clear();
    Line line;
    std::vector<TokenFlag> flags;
    for (Index tokens = 0; tokens < kPoolBatches * batch_tokens_ && reader_.read(line, flags, batch_tokens_);) {
      tokens += static_cast<Index>(line.size());
      pool_.push_back(line);
    }
    std::vector<std::size_t> by_length(pool_.size());
    std::iota(by_length.begin(), by_length.end(), std::size_t{0});
    std::stable_sort(by_length.begin(), by_length.end(),
                     [&](auto a, auto b) { return pool_[a].size() < pool_[b].size(); });
    Index tokens = batch_tokens_;
    for (const std::size_t i : by_length) {
      const Index length = static_cast<Index>(pool_[i].size());
      if (tokens + length > batch_tokens_) {
        batches_.emplace_back();
        tokens = 0;
      }
      batches_.back().push_back(i);
      tokens += length;
    }
    // Fisher-Yates: neighbours in the text would otherwise follow each other by length.
    for (std::size_t i = batches_.size(); i > 1; --i) {
      const float u = order_.uniform(position_.pass, pool_begin_, static_cast<Index>(i));
      std::swap(batches_[i - 1], batches_[std::min(i - 1, static_cast<std::size_t>(u * static_cast<float>(i)))]);
    }
    return !batches_.empty();
  }

  const Dataset& data_;
  Split split_;
  Index batch_tokens_;
  RandomStream order_;
  LineReader reader_;
  BatchPosition position_;
  Index batches_per_pass_ = 0, pool_begin_ = 0;
  std::vector<Line> pool_;
  std::vector<std::vector<std::size_t>> batches_;
};

}  // namespace

std::unique_ptr<BatchSource> make_line_batches(const Dataset& data, Split split, Index batch_tokens,
                                               std::uint64_t seed) {
  return std::make_unique<LineBatches>(data, split, batch_tokens, seed);
}

}  // namespace moelm
