#include "evaluation/evaluation.hpp"

#include <cmath>

#include "base/error.hpp"
#include "base/finite.hpp"
#include "base/quantity.hpp"
#include "batch/split_lines.hpp"
#include "data/token_cursor.hpp"
#include "evaluation/line_scoring.hpp"
#include "evaluation/stream_scoring.hpp"

namespace moelm {

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

void EvaluationHooks::before_batch(std::span<const Index> begins) const {
  if (stop && stop()) throw Error(Exit::stopped, "evaluation was stopped on request");
  if (batch) batch(begins);
}

void require_finite(const Evaluation& evaluation, const std::string& text) {
  if (is_finite(evaluation.perplexity())) return;
  throw Error(Exit::diverged, text + ": perplexity: expected a finite number, found " +
                                  format_number(evaluation.perplexity()) + " (" + format_number(evaluation.mean_nll()) +
                                  " nats a token); the model has diverged, take an earlier checkpoint");
}

double Evaluation::perplexity() const { return std::exp(mean_nll()); }

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
