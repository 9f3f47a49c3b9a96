#include "evaluation/score_summary.hpp"

#include "base/escape.hpp"

namespace moelm {

Json score_summary(const std::string& text_name, const TextEvaluation& result) {
  const Evaluation& scores = result.scores;
  const TextFacts& text = result.text;
  return {{"type", "summary"},
          {"text", to_valid_utf8(text_name)},
          {"tokens", scores.tokens},
          {"sentences", text.lines},
          {"words", text.words},
          {"oov", text.unknown_words},
          {"unk", text.literal_unknown},
          {"nll_nats", scores.nll},
          {"nll_oov_nats", scores.nll_oov},
          {"nll_eos_nats", scores.nll_eos},
          {"perplexity", value_or_null(scores.perplexity())},
          {"perplexity_per_word", value_or_null(result.perplexity_per_word())},
          {"bits_per_token", value_or_null(result.bits_per_token())},
          {"bytes", text.bytes},
          {"bits_per_byte", value_or_null(result.bits_per_byte())},
          {"lossless", result.lossless}};
}

}  // namespace moelm
