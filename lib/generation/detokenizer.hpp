// Text from tokens, one token at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tokenizer/tokenizer.hpp"

namespace moelm {

/// The exact bytes for byte and bpe. For `word`, one space between words. For `text`, whose tokens do not say where
/// spaces were, spaces as most texts have them: none before a comma, none inside brackets, none between ideographs;
/// quotation marks open and close in turn. Not thread-safe.
class Detokenizer {
 public:
  /// The tokenizer must outlive it.
  explicit Detokenizer(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}

  /// Goes on after this text, which stands there already.
  void follow(std::string_view text);

  /// What the token adds to the text.
  std::string next(std::int32_t token);

 private:
  /// Whether a word of `text` follows without a space; goes on to it.
  bool joins_before(std::string_view word);

  /// What is known of the line so far.
  struct Line {
    bool start = true;
    bool glue = false;                               // no space before the next word
    bool double_open = false, single_open = false;   // a quotation began
    bool after_number = false, after_colon = false;  // "3", "3:"
    bool after_ideograph = false;
  };

  const Tokenizer& tokenizer_;
  Line line_;
};

}  // namespace moelm
