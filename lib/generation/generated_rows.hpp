// Generated tokens as rows of text or JSON (`moe-generate --per-token`).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "generation/generator.hpp"

namespace moelm {

/// A row for each token: sample and position from 1, token (escaped), log10 of the model's probability, then for each
/// MoE layer with a gate LAYER=EXPERT:GATE,EXPERT:GATE,... by falling gate: the experts that read the token before and
/// so chose this one. Tab-separated without a header, or JSON objects of "type": "token".
class GeneratedRows {
 public:
  /// Both must outlive it. `layers`: the number of layers of the model.
  GeneratedRows(const Tokenizer& tokenizer, const Predictor& predictor, std::size_t layers, bool json)
      : tokenizer_(tokenizer), predictor_(predictor), layers_(layers), json_(json) {}

  /// Appends the rows of one step of a generator, whose predictor has read nothing since.
  void append(std::span<const GeneratedToken> step, std::string& out) const;

 private:
  std::string row(const GeneratedToken& token, Index stream) const;
  std::string json_row(const GeneratedToken& token, Index stream) const;

  const Tokenizer& tokenizer_;
  const Predictor& predictor_;
  std::size_t layers_;
  bool json_;
};

}  // namespace moelm
