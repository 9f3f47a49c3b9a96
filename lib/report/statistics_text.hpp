// The text that moe-stats reads: all tokens in memory, 4 bytes each, with their lines and files.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "train/config.hpp"

namespace moelm {

/// Lines [begin, end) of the text that came from one file. `name` is from a stranger.
struct TextInput {
  std::string name;
  Index begin = 0;
  Index end = 0;
};

struct StatisticsText {
  std::vector<std::int32_t> ids;  ///< the tokens to predict, `</s>` included
  std::vector<Index> line_ends;   ///< tokens up to and with the last one of each line
  std::vector<TextInput> inputs;
  Index unknown_words = 0;

  Index tokens() const { return static_cast<Index>(ids.size()); }
  Index lines() const { return static_cast<Index>(line_ends.size()); }
  /// The line, counted from 0, that a token belongs to.
  Index line_of(Index token) const;
};

/// A split of a data folder. `stop` is asked now and then; true is Error(stopped).
StatisticsText load_split(const Dataset& data, Split split, const std::function<bool()>& stop = {});

/// Texts (plain or compressed, "-" for standard input) in the tokens of a model. UTF-16 is Error(bad_data).
StatisticsText load_texts(const std::vector<std::string>& paths, const Tokenizer& tokenizer,
                          const std::function<bool()>& stop = {});

/// For StateKind::reset in bytes and byte pairs, where every line is a document: `</s>` after every line, nowhere else.
/// Leaves other texts as they are.
void end_every_line(StatisticsText& text, const Tokenizer& tokenizer);

}  // namespace moelm
