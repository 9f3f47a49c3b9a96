// The tokens of a text, and what scoring needs to know of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/index.hpp"
#include "text/text_repair.hpp"

namespace moelm {

/// The origin of a token: `unknown_word` is `<unk>` for a word that the vocabulary lacks, `literal_unknown` is `<unk>`
/// in the text itself.
enum class TokenFlag : std::uint8_t { plain = 0, unknown_word = 1, literal_unknown = 2 };

/// Grows as text is encoded into it; clear() keeps the memory.
struct EncodedText {
  std::vector<std::int32_t> ids;
  std::vector<TokenFlag> flags;  ///< one for each token
  std::vector<Index> line_ends;  ///< for every complete line, the number of tokens up to its end
  Index words = 0;               ///< words; byte and bpe count what is between ASCII white space
  Index unknown_words = 0;       ///< words that the vocabulary lacks
  Index literal_unknown = 0;
  Index bytes = 0;           ///< of the original text, line ends included
  Index marks = 0;           ///< `<s>`, `</s>` and (except for word) `<unk>` in the text, read as ordinary words
  TextFaults faults;         ///< what was repaired (byte and bpe: found and kept)
  bool plain_spaces = true;  ///< whether single spaces separate the tokens, as decode() writes them

  /// Whether the next text continues a line. Encoding sets it.
  bool in_line = false;

  /// Set before encoding to keep the text behind every token, such as an unknown word itself.
  bool keep_surface = false;
  std::string surface;
  std::vector<Index> surface_ends;  ///< for each token, where its text ends in `surface`

  Index tokens() const { return ids.size(); }
  Index lines() const { return line_ends.size(); }
  /// The raw bytes behind token `i`; escape them before showing. A line end is "\n" or empty. REQUIRES keep_surface.
  std::string_view surface_text(Index i) const;
  void clear();
};

/// Appends the text behind the next token. REQUIRES keep_surface.
inline void push_surface(std::string_view text, EncodedText& out) {
  out.surface += text;
  out.surface_ends.push_back(static_cast<Index>(out.surface.size()));
}

}  // namespace moelm
