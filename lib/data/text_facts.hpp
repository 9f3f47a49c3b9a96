// What a text holds besides its tokens, and what its reader should know: malformed bytes, another encoding, marks.
#pragma once

#include <string>
#include <vector>

#include "data/data_index.hpp"

namespace moelm {

class Dataset;

/// Sums over a text.
struct TextFacts {
  Index lines = 0;
  Index words = 0;
  Index unknown_words = 0;    ///< words that the vocabulary lacks
  Index literal_unknown = 0;  ///< `<unk>` in the text itself
  Index bytes = 0;            ///< of the original text, line ends included
  Index marks = 0;            ///< `<s>`, `</s>` and `<unk>` read as words; not known of a split on disk
  TextFaults faults;
  bool plain_spaces = true;  ///< as EncodedText has it

  /// Adds what encoding a piece of the text found. Lines are counted by the caller.
  void add(const EncodedText& piece);
  /// Adds another text.
  void add(const TextFacts& other);
  /// Whether decoding the tokens gives back the text.
  bool lossless(const Tokenizer& tokenizer) const;
};

TextFacts facts_of_split(const SplitIndex& split);

/// Error(bad_data) if a text gave no tokens. `name` appears in error messages.
void require_tokens(const TextFacts& facts, Index tokens, const std::string& name);
/// "data/, split test".
std::string split_name(const Dataset& data, Split split);

/// Error(bad_data) if a split is empty.
void require_tokens(const Dataset& data, Split split);

/// A sentence for each thing worth knowing, none for a sound text. `bytes_kept`: the tokenizer keeps every byte.
std::vector<std::string> text_notes(const TextFacts& text, bool bytes_kept);

}  // namespace moelm
