// Labels of the lines of a text, from a file with one label per line.
#pragma once

#include <string>
#include <string_view>

#include "statistics/packed_integers.hpp"
#include "statistics/token_classes.hpp"

namespace moelm {

/// Reads one label per line. Surrounding blanks, a final carriage return and a byte order mark are dropped; a blank
/// line is no label, -1. Error(bad_data) naming `source` for a label longer than 200 bytes or too many labels.
class LabelParser {
 public:
  LabelParser(std::string source, LabelSet& labels) : source_(std::move(source)), labels_(labels) {}

  /// Takes the next piece of the file, cut anywhere.
  void add(std::string_view text);
  /// Ends the file. Returns the label numbers by line.
  PackedIntegers finish();

 private:
  void take_line();

  std::string source_;
  LabelSet& labels_;
  std::string line_;
  PackedIntegers numbers_;
};

}  // namespace moelm
