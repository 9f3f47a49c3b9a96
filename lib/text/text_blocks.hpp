// Text in blocks of bounded size, cut at places that are safe for every tokenizer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/index.hpp"
#include "text/text_source.hpp"

namespace moelm {

/// The size of a block. Only longer lines are cut.
inline constexpr Index kTextBlockBytes = Index{1} << 20;

/// Where to cut the text that begins with `text`: after the last line end; in a line that fills the block, before the
/// last white space after a word; in a word that fills the block, between two characters. The place depends on the line
/// alone, not on the beginning of the block. REQUIRES a text that is not empty.
std::size_t text_cut(std::string_view text);

/// A part of a text.
struct TextBlock {
  std::string bytes;
  Index offset = 0;        ///< of its first byte in the uncompressed text
  Index part = 0;          ///< the number of the reader's cuts at or before the offset
  bool ends_part = false;  ///< whether it ends at a cut or at the end of the text; an empty text is one empty block
};

/// Cuts a source into blocks. One thread at a time; refers to the source.
class TextBlockReader {
 public:
  /// No block crosses the offsets `cuts`, which are positive and ascend.
  explicit TextBlockReader(TextSource& source, std::vector<Index> cuts = {}, Index block_bytes = kTextBlockBytes);

  /// The next block; false after the last one.
  bool next(TextBlock& block);
  /// Bytes of text returned so far.
  Index offset() const { return offset_; }

 private:
  void fill();

  TextSource& source_;
  std::vector<Index> cuts_;
  std::size_t block_bytes_;
  std::string pending_;
  Index offset_ = 0;
  Index part_ = 0;
  bool source_ended_ = false, done_ = false;
};

}  // namespace moelm
