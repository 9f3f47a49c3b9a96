// Sums of the scores of a text, and the measures that are made of them; they know no model.
#pragma once

#include <cstdint>
#include <string>

#include "data/text_facts.hpp"
#include "tokenizer/encoded_text.hpp"

namespace moelm {

/// Sums over scored tokens, in nats.
struct Evaluation {
  Index tokens = 0;     ///< predicted, `</s>` included
  Index sentences = 0;  ///< `</s>` predicted
  Index oov = 0;        ///< predicted tokens that stand for words outside the vocabulary
  Index unk = 0;        ///< predicted literal `<unk>`
  double nll = 0;
  double nll_oov = 0;
  double nll_eos = 0;

  void add(std::int32_t token, TokenFlag flag, std::int32_t end_id, double nll_of_token);
  double mean_nll() const { return tokens > 0 ? nll / static_cast<double>(tokens) : 0; }
  double perplexity() const;
};

/// Error(diverged) if the perplexity is not finite. `text` names the scored text.
void require_finite(const Evaluation& evaluation, const std::string& text);

/// Sums of scores, and the facts of the text that they are divided by.
struct TextEvaluation {
  Evaluation scores;
  TextFacts text;
  bool lossless = false;  ///< whether decoding the tokens gives back the text

  /// exp(nll / (words + lines)): comparable between tokenizers. NaN without text.
  double perplexity_per_word() const;
  /// NaN without text.
  double bits_per_token() const;
  /// Of the original text, line ends included; NaN without text.
  double bits_per_byte() const;
};

}  // namespace moelm
