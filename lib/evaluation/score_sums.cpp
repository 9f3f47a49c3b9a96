#include "evaluation/score_sums.hpp"

#include <cmath>
#include <numbers>

#include "base/error.hpp"
#include "base/finite.hpp"
#include "base/quantity.hpp"

namespace moelm {

namespace {

double ratio(double sum, Index count) { return count > 0 ? sum / static_cast<double>(count) : std::nan(""); }

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

void require_finite(const Evaluation& evaluation, const std::string& text) {
  if (is_finite(evaluation.perplexity())) return;
  throw Error(Exit::diverged, text + ": perplexity: expected a finite number, found " +
                                  format_number(evaluation.perplexity()) + " (" + format_number(evaluation.mean_nll()) +
                                  " nats a token); the model has diverged, take an earlier checkpoint");
}

double TextEvaluation::perplexity_per_word() const { return std::exp(ratio(scores.nll, text.words + text.lines)); }
double TextEvaluation::bits_per_token() const { return ratio(scores.nll, scores.tokens) / std::numbers::ln2; }
double TextEvaluation::bits_per_byte() const { return ratio(scores.nll, text.bytes) / std::numbers::ln2; }

}  // namespace moelm
