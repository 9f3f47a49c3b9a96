// The class of every row of a text: by its token, by its file, or by its line's label.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "statistics/statistics_text.hpp"

namespace moelm {

/// One of the two tables is filled. By token it is the token READ that counts: gate and experts have seen that one, and
/// not yet the one they help to predict. By line it is the line of the token predicted, so that the `</s>` before a
/// line (its only beginning) belongs to the line it opens.
struct RowClasses {
  std::string kind;  ///< "token class", "input file" or "label"
  std::vector<std::string> names;
  std::vector<std::int32_t> of_token;
  PackedIntegers of_line;

  bool by_token() const { return of_line.empty(); }
};

RowClasses classes_by_token(const Tokenizer& tokenizer);

/// Whether the text came from several files, and not from more than can be told apart in a report.
bool can_class_by_file(const StatisticsText& text);

/// A class a file, called by what tells its name from the others'.
RowClasses classes_by_file(const StatisticsText& text);

/// Reads `path` ("-": standard input), one label a line of the text; a blank line is none. Error(bad_data) unless there
/// are as many lines as in the text.
RowClasses classes_by_label(const StatisticsText& text, const std::string& path);

}  // namespace moelm
