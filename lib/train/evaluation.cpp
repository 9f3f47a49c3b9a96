#include "train/evaluation.hpp"

#include <algorithm>
#include <cmath>

#include "base/check.hpp"
#include "data/token_cursor.hpp"
#include "train/line_reader.hpp"

namespace moelm {

namespace {

constexpr Index kBatchTokens = 2048;     // tokens scored together
constexpr Index kMostLineTokens = 4096;  // a longer line is scored in parts, its state carried

/// N contiguous parts of the split side by side, each carrying its state.
class CarryEvaluation {
 public:
  CarryEvaluation(Scorer& scorer, const Dataset& data, Split split, Index streams)
      : scorer_(scorer), end_id_(data.tokenizer().end_id()) {
    const Index tokens = data.tokens(split), count = std::clamp<Index>(streams, 1, std::max<Index>(tokens, 1));
    for (Index b = 0; b < count; ++b) {
      cursors_.emplace_back(data, split, b * tokens / count);
      left_.push_back((b + 1) * tokens / count - b * tokens / count);
    }
    scorer.restart(cursors_.size(), end_id_, previous_, state_);
  }

  /// Scores the next window of every stream; false when all are done.
  bool next(Evaluation& result) {
    const Index window = std::max<Index>(1, kBatchTokens / static_cast<Index>(cursors_.size()));
    std::vector<std::vector<std::int32_t>> ids(cursors_.size());
    std::vector<std::vector<TokenFlag>> flags(cursors_.size());
    std::vector<std::span<const std::int32_t>> sequences;
    bool any = false;
    for (std::size_t b = 0; b < cursors_.size(); ++b) {
      const Index count = std::min(window, left_[b]);
      ids[b].resize(static_cast<std::size_t>(count));
      flags[b].resize(static_cast<std::size_t>(count));
      if (count > 0) cursors_[b].read(count, ids[b].data(), flags[b].data());
      left_[b] -= count;
      any = any || count > 0;
      sequences.emplace_back(ids[b]);
    }
    if (!any) return false;
    scorer_.score(sequences, previous_, state_, nll_);
    for (std::size_t b = 0; b < ids.size(); ++b)
      for (std::size_t t = 0; t < ids[b].size(); ++t) result.add(ids[b][t], flags[b][t], end_id_, nll_[b][t]);
    return true;
  }

 private:
  Scorer& scorer_;
  std::int32_t end_id_;
  std::vector<TokenCursor> cursors_;
  std::vector<Index> left_;
  std::vector<std::int32_t> previous_;
  ModelState state_;
  std::vector<std::vector<double>> nll_;
};

/// Lines of a split, each from the zero state, some together.
class LineEvaluation {
 public:
  LineEvaluation(Scorer& scorer, const Dataset& data, Split split)
      : scorer_(scorer), end_id_(data.tokenizer().end_id()), reader_(data, split) {}

  /// Scores the next lines; false when all are done.
  bool next(Evaluation& result) {
    std::vector<Line> lines;
    Line line;
    for (Index tokens = 0; tokens < kBatchTokens && reader_.read(line.ids, line.flags, kMostLineTokens);) {
      tokens += static_cast<Index>(line.ids.size());
      lines.push_back(line);
      if (line.ids.back() != end_id_) break;  // a part of a long line: the next part goes on from its state
    }
    if (lines.empty()) return false;
    scorer_.restart(lines.size(), end_id_, previous_, state_);
    add(lines, result);
    if (lines.back().ids.back() != end_id_) finish_long_line(lines, result);
    return true;
  }

 private:
  struct Line {
    std::vector<std::int32_t> ids;
    std::vector<TokenFlag> flags;
  };

  void finish_long_line(std::vector<Line>& lines, Evaluation& result) {
    ModelState last;
    const auto row = static_cast<Index>(lines.size()) - 1;
    for (const LstmState& layer : state_.layers) {
      LstmState& copy = last.layers.emplace_back();
      if (layer.h.empty()) continue;
      copy.h = Matrix(1, layer.h.cols());
      copy.c = Matrix(1, layer.c.cols());
      std::copy_n(layer.h.row(row), layer.h.cols(), copy.h.data());
      std::copy_n(layer.c.row(row), layer.c.cols(), copy.c.data());
    }
    state_ = std::move(last);
    previous_ = {previous_.back()};
    lines.resize(1);
    while (lines[0].ids.back() != end_id_ && reader_.read(lines[0].ids, lines[0].flags, kMostLineTokens))
      add(lines, result);
  }

  void add(const std::vector<Line>& lines, Evaluation& result) {
    std::vector<std::span<const std::int32_t>> sequences;
    for (const Line& line : lines) sequences.emplace_back(line.ids);
    scorer_.score(sequences, previous_, state_, nll_);
    for (std::size_t i = 0; i < lines.size(); ++i)
      for (std::size_t t = 0; t < lines[i].ids.size(); ++t)
        result.add(lines[i].ids[t], lines[i].flags[t], end_id_, nll_[i][t]);
  }

  Scorer& scorer_;
  std::int32_t end_id_;
  LineReader reader_;
  std::vector<std::int32_t> previous_;
  ModelState state_;
  std::vector<std::vector<double>> nll_;
};

template <class Parts>
Evaluation evaluate_parts(Parts&& parts, const std::function<bool()>& stop) {
  Evaluation result;
  do {
    if (stop && stop()) throw Error(Exit::stopped, "evaluation was stopped on request");
  } while (parts.next(result));
  return result;
}

}  // namespace

void Evaluation::add(std::int32_t token, TokenFlag flag, std::int32_t end_id, double nll_of_token) {
  ++tokens;
  nll += nll_of_token;
  if (token == end_id) {
    ++sentences;
    nll_eos += nll_of_token;
  }
  if (flag == TokenFlag::unknown_word) {
    ++oov;
    nll_oov += nll_of_token;
  }
  if (flag == TokenFlag::literal_unknown) ++unk;
}

double Evaluation::perplexity() const { return std::exp(mean_nll()); }

Evaluation evaluate_split(Scorer& scorer, const Dataset& data, Split split, const EvaluationPolicy& policy,
                          const std::function<bool()>& stop) {
  if (policy.state == StateKind::reset) return evaluate_parts(LineEvaluation(scorer, data, split), stop);
  return evaluate_parts(CarryEvaluation(scorer, data, split, policy.streams), stop);
}

}  // namespace moelm
