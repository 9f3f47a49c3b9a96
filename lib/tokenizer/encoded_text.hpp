// The tokens of a text, with what a score of it needs to know.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/index.hpp"
#include "text/text_repair.hpp"

namespace moelm {

/// What stands behind a token: `unknown_word` is `<unk>` for a word that the vocabulary lacks, `literal_unknown` is
/// `<unk>` because the text says so.
enum class TokenFlag : std::uint8_t { plain = 0, unknown_word = 1, literal_unknown = 2 };

/// Grows as text is encoded into it; clear() keeps the memory.
struct EncodedText {
  std::vector<std::int32_t> ids;
  std::vector<TokenFlag> flags;  ///< one a token
  std::vector<Index> line_ends;  ///< for every finished line, the number of tokens up to and with its last one
  Index words = 0;               ///< words; byte and bpe count stretches between ASCII white space
  Index unknown_words = 0;       ///< words that the vocabulary lacks
  Index literal_unknown = 0;
  Index bytes = 0;           ///< of the original text, line ends included
  Index marks = 0;           ///< `<s>`, `</s>` and (but for word) `<unk>` in the text, which are no marks there
  TextFaults faults;         ///< what was put right (byte and bpe: what was found and kept)
  bool plain_spaces = true;  ///< whether one space stands between tokens and no other white space, as decode() writes

  /// Whether the text to be encoded next goes on in a line. Encoding sets it.
  bool in_line = false;

  /// Set before encoding to keep the text of every token as it stands in the input, e.g. the unknown word itself.
  bool keep_surface = false;
  std::string surface;
  std::vector<Index> surface_ends;  ///< one a token: where its text ends in `surface`

  Index tokens() const { return static_cast<Index>(ids.size()); }
  Index lines() const { return static_cast<Index>(line_ends.size()); }
  /// The text behind token `i`, raw bytes: escape before showing. REQUIRES keep_surface. A line end is "\n" or empty.
  std::string_view surface_text(Index i) const;
  void clear();
};

/// The text behind the next token. REQUIRES keep_surface.
inline void push_surface(std::string_view text, EncodedText& out) {
  out.surface += text;
  out.surface_ends.push_back(static_cast<Index>(out.surface.size()));
}

}  // namespace moelm
