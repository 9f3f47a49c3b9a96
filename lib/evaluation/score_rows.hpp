// Scores of lines or tokens as rows of text or JSON (`--per-sentence` and `--per-token` of the programs that score).
#pragma once

#include <optional>
#include <span>
#include <string>

#include "evaluation/score_number.hpp"
#include "evaluation/scored_part.hpp"
#include "tokenizer/tokenizer.hpp"

namespace moelm {

enum class RowKind {
  sentence,  ///< a row per line: log probability, tokens, unknown words
  token,     ///< a row per token: line and position from 1, token, log probability
};

/// The score of one token. Its text is untrusted and is escaped when it is written.
struct TokenRow {
  Index line = 0;
  Index position = 0;  ///< within the line, from 1
  std::string token;
  double nll = 0;                                     ///< nats
  bool unknown_word = false;                          ///< whether it stands for a word outside the vocabulary
  std::optional<std::string> surface = std::nullopt;  ///< that word, if it is known
};

/// Appends the row of a token: four tab-separated fields, or a JSON object, whose key is "log10" for base 10, else
/// "log".
void append_token_row(const TokenRow& row, bool json, std::string& out, const LogBase& base = {});

/// Rows are tab-separated without a header, or JSON objects with "type": "sentence" or "token". Tokens are escaped. The
/// `</s>` after the last line of a document of bytes has a row as a token only: it is in no line.
class ScoreRows {
 public:
  /// Refers to the tokenizer, which must outlive it.
  ScoreRows(const Tokenizer& tokenizer, RowKind kind, bool json, LogBase base = {})
      : tokenizer_(tokenizer), kind_(kind), json_(json), base_(std::move(base)) {}

  /// Appends the rows that these parts finish.
  void append(std::span<const ScoredPart> parts, std::string& out);
  /// Appends the row of a last line without a line end.
  void finish(std::string& out);

 private:
  void append_tokens(const ScoredPart& scored, std::string& out) const;
  void append_sentence(std::string& out);

  const Tokenizer& tokenizer_;
  RowKind kind_;
  bool json_;
  LogBase base_;
  Index line_ = 0, tokens_ = 0, unknown_words_ = 0;  // of the line that is not finished
  double nll_ = 0;
};

}  // namespace moelm
