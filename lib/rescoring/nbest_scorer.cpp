#include "rescoring/nbest_scorer.hpp"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

namespace moelm {

NbestScorer::NbestScorer(Predictor& predictor, const Tokenizer& tokenizer, StateKind state)
    : predictor_(predictor),
      tokenizer_(tokenizer),
      kind_(state),
      start_(predictor.start(1)),
      previous_(tokenizer.end_id()) {}

std::vector<HypothesisScore> NbestScorer::score(std::span<const std::string_view> texts) {
  std::vector<HypothesisScore> scores;
  ids_.clear();
  for (const std::string_view text : texts) {
    EncodedText encoded;
    tokenizer_.encode_line(std::string(text) + "\n", encoded);
    // In state reset every line of bytes is a document, as moe-eval has it.
    if (kind_ == StateKind::reset) tokenizer_.end_document(encoded);
    scores.push_back({0, encoded.tokens(), encoded.unknown_words});
    tokens_ += encoded.tokens();
    facts_.add(encoded);
    ids_.push_back(std::move(encoded.ids));
  }
  // In alphabetical order, so that the hypotheses of a tree have much in common.
  std::vector<std::size_t> order(ids_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (order.size() > kTreeHypotheses)
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return ids_[a] < ids_[b]; });
  for (std::size_t begin = 0; begin < order.size(); begin += kTreeHypotheses)
    score_tree(std::span(order).subspan(begin, std::min(kTreeHypotheses, order.size() - begin)), scores);
  return scores;
}

void NbestScorer::score_tree(std::span<const std::size_t> texts, std::vector<HypothesisScore>& scores) {
  std::vector<std::span<const std::int32_t>> sequences;
  for (const std::size_t i : texts) sequences.emplace_back(ids_[i]);
  const PrefixTree tree(sequences);
  const std::vector<std::vector<double>> nll = score_nodes(tree);
  for (std::size_t i = 0; i < texts.size(); ++i)
    scores[texts[i]].nll = nll[sequences[i].size() - 1][static_cast<std::size_t>(tree.place(i))];
  computed_ += tree.nodes();
}

/// -ln p of every prefix. The prefixes of a level that go on are one batch.
std::vector<std::vector<double>> NbestScorer::score_nodes(const PrefixTree& tree) {
  std::vector<std::vector<double>> sums;
  ModelState state, next_state;
  state.copy_from(start_);
  std::vector<std::int32_t> inputs{previous_};
  for (std::size_t d = 0; d < tree.levels().size(); ++d) {
    const std::vector<PrefixNode>& level = tree.levels()[d];
    const auto parent_of = [&](const PrefixNode& node) -> const PrefixNode& {
      return tree.levels()[d - 1][static_cast<std::size_t>(node.parent)];
    };
    predictor_.read(inputs, state);
    std::vector<NextToken> next;
    for (const PrefixNode& node : level) next.push_back({d == 0 ? 0 : parent_of(node).inner, node.token});
    std::vector<double>& nll = sums.emplace_back(level.size());
    predictor_.score(next, nll);
    std::vector<Index> streams;
    inputs.clear();
    for (std::size_t i = 0; i < level.size(); ++i) {
      if (d > 0) nll[i] += sums[d - 1][static_cast<std::size_t>(level[i].parent)];
      if (level[i].inner < 0) continue;
      streams.push_back(next[i].row);
      inputs.push_back(level[i].token);
    }
    next_state.select(state, streams);
    std::swap(state, next_state);
  }
  return sums;
}

void NbestScorer::advance(std::size_t text) {
  if (kind_ == StateKind::reset) return;
  for (const std::int32_t id : ids_[text]) {
    predictor_.read({&previous_, 1}, start_);
    previous_ = id;
  }
}

}  // namespace moelm
