#include "evaluation/evaluation.hpp"

#include "base/error.hpp"
#include "batch/split_lines.hpp"
#include "data/token_cursor.hpp"
#include "evaluation/line_scoring.hpp"
#include "evaluation/stream_scoring.hpp"

namespace moelm {

void EvaluationHooks::before_batch(std::span<const Index> begins) const {
  if (stop && stop()) throw Error(Exit::stopped, "evaluation was stopped on request");
  if (batch) batch(begins);
}

Evaluation evaluate_split(Scorer& scorer, const Dataset& data, Split split, const EvaluationPolicy& policy,
                          const std::function<bool()>& stop) {
  const std::int32_t end_id = data.tokenizer().end_id();
  if (policy.state == StateKind::reset) {
    SplitLines lines(data, split, policy.state);
    return score_lines(scorer, lines, end_id, {policy.state}, {}, {stop, {}});
  }
  const auto open = [&](Index position) -> ReadTokens {
    return [cursor = TokenCursor(data, split, position)](Index count, std::int32_t* ids, TokenFlag* flags) mutable {
      cursor.read(count, ids, flags);
    };
  };
  return score_streams(scorer, {data.tokens(split), end_id, open}, policy.streams, {stop, {}});
}

}  // namespace moelm
