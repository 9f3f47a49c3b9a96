// Raw text made ready to be split into words of a vocabulary: repaired, and in lower case if wanted.
#pragma once

#include <string>
#include <string_view>

#include "base/unicode.hpp"
#include "text/text_repair.hpp"

namespace moelm {

/// Holds the buffers of one thread.
class NormalizedText {
 public:
  /// Returns `raw` itself where nothing changes, else a buffer that the next call overwrites.
  std::string_view normalize(std::string_view raw, bool lowercase, TextFaults& faults) {
    const std::string_view text = repair_text(raw, repaired_, faults);
    if (!lowercase) return text;
    lowered_.clear();
    append_lowercase(text, lowered_);
    return lowered_;
  }

 private:
  std::string repaired_, lowered_;
};

}  // namespace moelm
