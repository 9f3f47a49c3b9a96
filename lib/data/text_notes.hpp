// What a reader of counts and scores should know of a text: malformed bytes, another encoding, marks read as words.
#pragma once

#include <string>
#include <vector>

#include "base/index.hpp"
#include "text/text_repair.hpp"

namespace moelm {

/// What was found in a text while it was encoded.
struct TextFindings {
  TextFaults faults;
  Index marks = 0;  ///< `<s>`, `</s>` and `<unk>` that were read as words
  Index bytes = 0;
  bool kept = false;  ///< whether the tokenizer keeps every byte
};

/// A line for each thing worth saying, none for a sound text.
std::vector<std::string> text_notes(const TextFindings& text);

}  // namespace moelm
