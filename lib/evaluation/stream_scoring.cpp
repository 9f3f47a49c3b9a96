#include "evaluation/stream_scoring.hpp"

#include <algorithm>

namespace moelm {

namespace {

/// One part of the text.
struct Stream {
  ReadTokens read;
  Index begin, left;  // of the unread tokens
  std::vector<std::int32_t> ids;
  std::vector<TokenFlag> flags;

  void advance(Index window) {
    const Index count = std::min(window, left);
    ids.resize(count);
    flags.resize(count);
    if (count > 0) read(count, ids.data(), flags.data());
    begin += count;
    left -= count;
  }
};

}  // namespace

Evaluation score_streams(Scorer& scorer, const TokenText& text, Index streams, const EvaluationHooks& hooks) {
  const Index count = std::clamp<Index>(streams, 1, std::max<Index>(text.tokens, 1));
  const Index window = std::max<Index>(1, kEvaluationTokens / count);
  std::vector<Stream> parts;
  for (Index b = 0; b < count; ++b) {
    const Index begin = b * text.tokens / count, end = (b + 1) * text.tokens / count;
    parts.push_back({text.open(begin), begin, end - begin, {}, {}});
  }
  std::vector<std::int32_t> previous;
  ModelState state;
  scorer.restart(parts.size(), text.end_id, previous, state);
  std::vector<std::vector<double>> nll;
  Evaluation result;
  while (std::any_of(parts.begin(), parts.end(), [](const Stream& s) { return s.left > 0; })) {
    std::vector<std::span<const std::int32_t>> sequences;
    std::vector<Index> begins;
    for (Stream& stream : parts) {
      begins.push_back(stream.begin);
      stream.advance(window);
      sequences.emplace_back(stream.ids);
    }
    hooks.before_batch(begins);
    scorer.score(sequences, previous, state, nll);
    for (std::size_t b = 0; b < parts.size(); ++b)
      for (std::size_t t = 0; t < nll[b].size(); ++t)
        result.add(parts[b].ids[t], parts[b].flags[t], text.end_id, nll[b][t]);
  }
  return result;
}

}  // namespace moelm
