// Scores as other language model tools print them: SRILM's `ngram -ppl` and KenLM's `query`.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/option.hpp"
#include "evaluation/line_scoring.hpp"
#include "tokenizer/tokenizer.hpp"

namespace moelm {

enum class ForeignFormat {
  srilm,  ///< ngram -ppl TEXT -unk -debug 0, 1 or 2
  kenlm,  ///< query -v 0, 1 or 2
};

template <>
struct EnumNames<ForeignFormat> {
  static constexpr std::array<std::pair<std::string_view, ForeignFormat>, 2> values = {
      {{"srilm", ForeignFormat::srilm}, {"kenlm", ForeignFormat::kenlm}}};
};

/// How much is printed before the summary.
enum class ForeignLevel {
  summary,   ///< nothing: -debug 0, -v 0
  sentence,  ///< a line's sums: -debug 1, -v 1
  word,      ///< every token too: -debug 2, -v 2
};

/// Where definitions differ ours hold, as docs/formats.md says: every line is a sentence, blank ones too; a word that
/// the vocabulary lacks is scored as `<unk>`, an ordinary word for SRILM and counted for KenLM. Logarithms are to
/// base 10.
class ForeignRows {
 public:
  /// Refers to the tokenizer, whose tokens are words: Error(bad_config) for byte and bpe.
  ForeignRows(const Tokenizer& tokenizer, ForeignFormat format, ForeignLevel level);

  /// Appends the rows that these parts finish.
  void append(std::span<const ScoredPart> parts, std::string& out);
  /// Appends the row of a last line without a line end, then the summary of the text of this name.
  void finish(const std::string& text_name, std::string& out);

 private:
  struct Sums {
    Index sentences = 0, words = 0, unknown = 0;
    double log10 = 0, log10_unknown = 0;

    void add(const Sums& other);
  };

  void append_word(std::int32_t token, std::string_view spelled, double log10, std::string& line);
  void append_sentence(std::string& out);
  static std::string srilm_sums(const Sums& sums);

  const Tokenizer& tokenizer_;
  ForeignFormat format_;
  ForeignLevel level_;
  Sums line_, text_;
  std::string words_, rows_;  // of the line: its words, its rows
  std::string context_;       // the token before, for SRILM
  bool open_ = false;         // a line has begun
};

}  // namespace moelm
