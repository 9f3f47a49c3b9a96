// The text that moe-stats reads: all tokens, packed in memory, with their lines and files.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "config/train_config.hpp"
#include "data/dataset.hpp"
#include "data/text_notes.hpp"
#include "statistics/line_ends.hpp"
#include "statistics/packed_integers.hpp"

namespace moelm {

/// Lines [begin, end) of the text that came from one file. `name` is from a stranger.
struct TextInput {
  std::string name;
  Index begin = 0;
  Index end = 0;
};

struct StatisticsText {
  PackedIntegers ids;  ///< the tokens to predict, `</s>` included
  LineEnds line_ends;  ///< tokens up to and with the last one of each line
  std::vector<TextInput> inputs;
  Index unknown_words = 0;
  TextFindings findings;

  Index tokens() const { return ids.size(); }
  Index lines() const { return line_ends.size(); }
  /// The line, counted from 0, that a token belongs to.
  Index line_of(Index token) const { return line_ends.line_of(token); }
};

/// A split of a data folder. `stop` is asked now and then; true is Error(stopped). A text that takes more memory than
/// this process may have is Error(out_of_memory).
StatisticsText load_split(const Dataset& data, Split split, const std::function<bool()>& stop = {});

/// Texts (plain or compressed, "-" for standard input) in the tokens of a model. UTF-16 is Error(bad_data);
/// `stop` and memory as for a split.
StatisticsText load_texts(const std::vector<std::string>& paths, const Tokenizer& tokenizer,
                          const std::function<bool()>& stop = {});

/// For StateKind::reset in bytes and byte pairs, where every line is a document: `</s>` after every line, nowhere else.
/// Leaves other texts as they are.
void end_every_line(StatisticsText& text, const Tokenizer& tokenizer);

}  // namespace moelm
