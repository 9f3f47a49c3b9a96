// Text cut into blocks of bounded size, at places where every tokenizer may be cut.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/index.hpp"
#include "text/text_source.hpp"

namespace moelm {

/// Bytes of a block: long lines are cut only where they are longer than this.
inline constexpr Index kTextBlockBytes = Index{1} << 20;

/// Where to cut a text of which `text` is the beginning: after the last line end; in a line that fills the block,
/// before the last white space that follows a word; in a word that fills the block, between two characters. The place
/// depends on the line alone, not on where the block began. REQUIRES a text that is not empty.
std::size_t text_cut(std::string_view text);

/// A stretch of a text.
struct TextBlock {
  std::string bytes;
  Index offset = 0;        ///< of its first byte in the uncompressed text
  Index part = 0;          ///< how many of the reader's cuts lie at or before the offset
  bool ends_part = false;  ///< whether it ends at a cut or with the text; an empty text is one empty block
};

/// Cuts a source into blocks. One thread at a time; refers to the source.
class TextBlockReader {
 public:
  /// No block goes across the offsets `cuts`, which are greater than 0 and ascend.
  explicit TextBlockReader(TextSource& source, std::vector<Index> cuts = {}, Index block_bytes = kTextBlockBytes);

  /// The next block; false after the last one.
  bool next(TextBlock& block);
  /// Bytes of text handed out so far.
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
