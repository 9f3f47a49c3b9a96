// The class of every row of a text: by its token, its file, or the label of its line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "statistics/statistics_text.hpp"

namespace moelm {

/// One of the two tables is filled. A token class is that of the token READ, because gate and experts have not seen the
/// predicted one. A line class is that of the line of the token predicted, so the `</s>` before a line belongs to the
/// line that it opens.
struct RowClasses {
  std::string kind;  ///< "token class", "input file" or "label"
  std::vector<std::string> names;
  std::vector<std::int32_t> token_class;
  PackedIntegers line_class;

  bool by_token() const { return line_class.empty(); }
};

RowClasses classes_by_token(const Tokenizer& tokenizer);

/// Whether the text came from several files, but not from more than a report can tell apart.
bool can_class_by_file(const StatisticsText& text);

/// One class per file, named by what distinguishes the file's name from the others.
RowClasses classes_by_file(const StatisticsText& text);

/// Reads `path` ("-": standard input) with one label per line of the text; a blank line has no label. Error(bad_data)
/// unless it has as many lines as the text.
RowClasses classes_by_label(const StatisticsText& text, const std::string& path);

}  // namespace moelm
