// The text and word tokenizers: words looked up in a vocabulary.
#pragma once

#include <memory>
#include <vector>

#include "tokenizer/tokenizer.hpp"
#include "tokenizer/word_table.hpp"

namespace moelm {

/// The words of a vocabulary by id, `</s>` and `<unk>` among them, with their training counts (0 if unknown).
struct Vocabulary {
  WordTable words;
  std::vector<Index> counts;
};

/// REQUIRES kind text or word, and a vocabulary in UTF-8 that holds `</s>` and `<unk>`.
std::unique_ptr<Tokenizer> make_vocabulary_tokenizer(TokenizerKind kind, bool lowercase, Vocabulary vocabulary);

}  // namespace moelm
