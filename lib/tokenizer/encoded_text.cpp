#include "tokenizer/encoded_text.hpp"

#include "base/check.hpp"

namespace moelm {

std::string_view EncodedText::surface_text(Index i) const {
  ensure(keep_surface && i >= 0 && i < tokens(), "the text behind a token was kept");
  const auto at = static_cast<std::size_t>(i);
  const auto begin = static_cast<std::size_t>(at == 0 ? 0 : surface_ends[at - 1]);
  return std::string_view(surface).substr(begin, static_cast<std::size_t>(surface_ends[at]) - begin);
}

void EncodedText::clear() {
  ids.clear();
  flags.clear();
  line_ends.clear();
  words = unknown_words = literal_unknown = bytes = marks = 0;
  plain_spaces = true;
  in_line = false;
  faults = {};
  surface.clear();
  surface_ends.clear();
}

}  // namespace moelm
