// Labels of the lines of a text, one a line of a file, as the file comes in.
#pragma once

#include <string>
#include <string_view>

#include "statistics/packed_integers.hpp"
#include "statistics/token_classes.hpp"

namespace moelm {

/// Reads one label a line: surrounding blanks, a final carriage return and a byte order mark are dropped; a blank line
/// is no label, -1. Error(bad_data) naming `source` for a label longer than 200 bytes or too many of them.
class LabelParser {
 public:
  LabelParser(std::string source, LabelSet& labels) : source_(std::move(source)), labels_(labels) {}

  /// The next piece of the file, cut anywhere.
  void add(std::string_view text);
  /// The numbers of all labels, by line; the file has ended.
  PackedIntegers finish();

 private:
  void take_line();

  std::string source_;
  LabelSet& labels_;
  std::string line_;
  PackedIntegers numbers_;
};

}  // namespace moelm
