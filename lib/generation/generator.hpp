// Continues a prompt with tokens drawn from a model, several samples side by side.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.hpp"
#include "config/train_config.hpp"
#include "evaluation/predictor.hpp"
#include "generation/sampler.hpp"
#include "tokenizer/tokenizer.hpp"

namespace moelm {

struct Generation {
  Sampling sampling;
  std::uint64_t seed = 1;
  Index samples = 1;
  Index max_lines = 0;                 ///< a sample ends with this line end; 0: no limit
  Index max_tokens = 0;                ///< a sample ends after this many tokens; 0: no limit
  StateKind state = StateKind::carry;  ///< reset: every `</s>` is followed by the zero state
  bool allow_unknown = false;          ///< whether `<unk>` may be drawn
};

struct GeneratedToken {
  Index sample = 0;    ///< from 0
  Index position = 0;  ///< in the sample, from 0; the prompt does not count
  std::int32_t token = 0;
  double log_p = 0;        ///< ln p of the model, before any change by Sampling
  bool ends_line = false;  ///< it is the end of a line
  bool ends_sample = false;
};

/// Token n of sample s is a function of model, prompt, seed, s and n: neither threads nor other samples matter.
/// Not thread-safe.
class Generator {
 public:
  /// Reads the prompt, which may be empty. Predictor and tokenizer must outlive it. REQUIRES at least one sample and
  /// one limit.
  Generator(Predictor& predictor, const Tokenizer& tokenizer, const Generation& how,
            std::span<const std::int32_t> prompt);

  /// Draws the next token of every sample that has not ended: token i from row i of the predictor's last read. Empty
  /// at the end. Valid until the next call. Error(diverged) if a probability is NaN.
  std::span<const GeneratedToken> step();

 private:
  GeneratedToken draw(std::size_t stream, std::span<const float> log_p);
  void drop_ended();

  struct Sample {
    Index number = 0, tokens = 0, lines = 0;
  };

  Predictor& predictor_;
  const Tokenizer& tokenizer_;
  Generation how_;
  Sampler sampler_;
  RandomStream random_;
  ModelState state_;                  // before inputs_ are read
  std::vector<std::int32_t> inputs_;  // the last token of each sample
  std::vector<Sample> samples_;       // those that have not ended
  std::vector<GeneratedToken> drawn_;
};

}  // namespace moelm
