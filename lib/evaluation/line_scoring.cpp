#include "evaluation/line_scoring.hpp"

#include <iterator>
#include <optional>
#include <utility>

#include "batch/pack_sequences.hpp"

namespace moelm {

namespace {

constexpr Index kWindowTokens = 16384;  // lines read ahead, so that lines of similar length can be scored together

Index length(const ScoredPart& p) { return std::ssize(p.part.ids); }

bool is_whole_line(const LinePart& part) { return part.first == 0 && part.ends_line; }

/// Scores parts, one window of the text after another.
class LineScores {
 public:
  LineScores(Scorer& scorer, LineSource& source, std::int32_t end_id, const LineScoring& how,
             const EvaluationHooks& hooks)
      : scorer_(scorer), source_(source), end_id_(end_id), how_(how), hooks_(hooks) {
    scorer_.restart(1, end_id_, previous_, state_);
  }

  /// Scores the next parts, which parts() then holds. Returns false at the end of the text.
  bool next() {
    if (!gather()) return false;
    if (!carry() && is_whole_line(parts_[0].part))
      score_lines_apart();
    else
      score_in_sequence();
    return true;
  }

  std::span<const ScoredPart> parts() const { return parts_; }

 private:
  bool carry() const { return how_.state == StateKind::carry; }

  /// Reads some parts of the text. In `reset` state they are whole lines, or one part of a longer line.
  bool gather() {
    parts_.clear();
    const Index max_tokens = carry() ? kEvaluationTokens : kWindowTokens;
    Index tokens = 0, lines = 0;
    while (tokens < max_tokens && (how_.max_lines == 0 || lines < how_.max_lines) && fetch()) {
      const bool alone = !carry() && !is_whole_line(fetched_->part);
      if (alone && !parts_.empty()) break;
      tokens += length(*fetched_);
      if (fetched_->part.ends_line) ++lines;
      parts_.push_back(std::move(*fetched_));
      fetched_.reset();
      if (alone) break;
    }
    return !parts_.empty();
  }

  bool fetch() {
    if (fetched_) return true;
    if (!parts_.empty() && !source_.ready()) return false;
    fetched_.emplace();
    fetched_->begin = tokens_;
    if (!source_.next(fetched_->part)) fetched_.reset();
    if (fetched_) tokens_ += length(*fetched_);
    return fetched_.has_value();
  }

  void score_in_sequence() {
    if (!carry() && parts_[0].part.first == 0) scorer_.restart(1, end_id_, previous_, state_);
    std::vector<std::int32_t> ids;
    for (const ScoredPart& p : parts_) ids.insert(ids.end(), p.part.ids.begin(), p.part.ids.end());
    const std::span<const std::int32_t> sequence(ids);
    hooks_.before_batch({&parts_[0].begin, 1});
    scorer_.score({&sequence, 1}, previous_, state_, nll_);
    auto scores = nll_[0].begin();
    for (ScoredPart& p : parts_) {
      const auto end = scores + length(p);
      p.nll.assign(scores, end);
      scores = end;
    }
  }

  /// Scores lines of similar length together, each from the zero state.
  void score_lines_apart() {
    std::vector<std::span<const std::int32_t>> lines;
    for (const ScoredPart& p : parts_) lines.emplace_back(p.part.ids);
    const std::vector<std::size_t> order = order_by_length(lines, LengthOrder::longest_first);
    for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
      Index tokens = 0;
      while (end < order.size() && tokens < kEvaluationTokens) tokens += std::ssize(lines[order[end++]]);
      score_together(std::span(order).subspan(begin, end - begin));
    }
  }

  void score_together(std::span<const std::size_t> lines) {
    std::vector<std::span<const std::int32_t>> sequences;
    std::vector<Index> begins;
    for (const std::size_t i : lines) {
      sequences.emplace_back(parts_[i].part.ids);
      begins.push_back(parts_[i].begin);
    }
    hooks_.before_batch(begins);
    scorer_.restart(lines.size(), end_id_, previous_, state_);
    scorer_.score(sequences, previous_, state_, nll_);
    for (std::size_t i = 0; i < lines.size(); ++i) parts_[lines[i]].nll = nll_[i];
  }

  Scorer& scorer_;
  LineSource& source_;
  std::int32_t end_id_;
  LineScoring how_;
  const EvaluationHooks& hooks_;
  std::vector<ScoredPart> parts_;
  std::optional<ScoredPart> fetched_;  // read, not in parts_ yet
  Index tokens_ = 0;                   // read so far
  std::vector<std::int32_t> previous_;
  ModelState state_;
  std::vector<std::vector<double>> nll_;
};

}  // namespace

Evaluation score_lines(Scorer& scorer, LineSource& source, std::int32_t end_id, const LineScoring& how,
                       const ScoredParts& sink, const EvaluationHooks& hooks) {
  LineScores scores(scorer, source, end_id, how, hooks);
  Evaluation result;
  while (true) {
    if (!scores.next()) return result;
    for (const ScoredPart& p : scores.parts())
      for (Index i = 0; i < length(p); ++i) result.add(p.part.ids[i], p.part.flags[i], end_id, p.nll[i]);
    if (sink) sink(scores.parts());
  }
}

}  // namespace moelm
