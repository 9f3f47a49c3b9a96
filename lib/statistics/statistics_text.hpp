// The text that moe-stats reads: all tokens, packed in memory, with their lines and files.
#pragma once

#include <string>
#include <vector>

#include "batch/line_source.hpp"
#include "data/dataset.hpp"
#include "data/text_facts.hpp"
#include "statistics/line_ends.hpp"
#include "statistics/packed_integers.hpp"

namespace moelm {

/// Lines [begin, end) of the text that came from one file. `name` is untrusted.
struct TextInput {
  std::string name;
  Index begin = 0;
  Index end = 0;
};

struct StatisticsText {
  PackedIntegers ids;  ///< the tokens to predict, `</s>` included
  /// Tokens up to and with the last one of each line. The `</s>` after a document of bytes is in its last line.
  LineEnds line_ends;
  std::vector<TextInput> inputs;
  TextFacts facts;

  Index tokens() const { return ids.size(); }
  Index lines() const { return line_ends.size(); }
  /// The line, counted from 0, that a token belongs to.
  Index line_of(Index token) const { return line_ends.line_of(token); }
};

/// A split of a data folder, with the tokens that moe-eval scores in this state. Error(bad_data) if it is empty,
/// Error(out_of_memory) if it takes more memory than this process may have.
StatisticsText load_split(const Dataset& data, Split split, StateKind state);

/// Texts (plain or compressed, "-" for standard input) in the tokens that moe-eval scores in this state. Errors as for
/// a split, and Error(bad_data) for a file that is not text.
StatisticsText load_texts(const std::vector<std::string>& paths, const Tokenizer& tokenizer, StateKind state);

/// One short text that was given itself, not in a file.
StatisticsText load_sentence(const std::string& sentence, const Tokenizer& tokenizer, StateKind state);

/// The lines of a text in memory, which must outlive them.
class StatisticsLines final : public LineSource {
 public:
  explicit StatisticsLines(const StatisticsText& text) : text_(text) {}

  bool ready() override { return true; }
  bool next(LinePart& part) override;

 private:
  const StatisticsText& text_;
  Index line_ = 0, line_begin_ = 0, begin_ = 0;
};

}  // namespace moelm
