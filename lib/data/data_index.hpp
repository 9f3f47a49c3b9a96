// index.json: the contents of a data folder with their checksums.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/index.hpp"
#include "base/option.hpp"
#include "io/file_names.hpp"
#include "text/text_repair.hpp"
#include "tokenizer/tokenizer.hpp"

namespace moelm {

/// A longer index.json is refused.
inline constexpr Index kMaxIndexBytes = Index{256} << 20;

enum class Split { train, valid, test };

template <>
struct EnumNames<Split> {
  static constexpr std::array<std::pair<std::string_view, Split>, 3> values = {
      {{"train", Split::train}, {"valid", Split::valid}, {"test", Split::test}}};
};

/// [begin, end).
struct IndexRange {
  Index begin = 0;
  Index end = 0;
  bool operator==(const IndexRange&) const = default;
};

/// The part of a split that came from one input file. `name` is the path that the user gave.
struct InputRange {
  std::string name;
  Index first_line = 0;  ///< where the part begins in the file, counted from 0
  IndexRange lines;      ///< within the split
  IndexRange tokens;     ///< within the split
};

struct ShardFile {
  std::string name;
  Index tokens = 0;
  std::string tokens_sha256;  ///< of the ids before compression
};

/// A split: sums over its text, its inputs and its files in order.
struct SplitIndex {
  Index tokens = 0;
  Index lines = 0;
  Index words = 0;
  Index unknown_words = 0;    ///< words that the vocabulary lacks
  Index literal_unknown = 0;  ///< `<unk>` in the text itself
  Index bytes = 0;            ///< of the original text, line ends included
  Index marks = 0;            ///< as in EncodedText; not in the file
  bool plain_spaces = false;  ///< as in EncodedText
  TextFaults faults;
  std::vector<InputRange> inputs;
  std::vector<ShardFile> shards;
};

struct DataIndex {
  TokenizerKind kind = TokenizerKind::text;
  bool lowercase = false;
  Index vocabulary = 0;
  std::string tokenizer_sha256;
  std::array<SplitIndex, 3> splits;  ///< by Split

  SplitIndex& split(Split s) { return splits[static_cast<std::size_t>(s)]; }
  const SplitIndex& split(Split s) const { return splits[static_cast<std::size_t>(s)]; }
};

/// The text of index.json. It depends on texts and options alone, not on what the compression makes of the tokens: its
/// checksum is the identity of the data.
std::string index_file_text(const DataIndex& index);

/// Reads such a text. Error(bad_data) names the field where sums and ranges disagree or a name leads out of the folder.
/// `name` appears in error messages.
DataIndex parse_data_index(std::string_view text, const std::string& name);

}  // namespace moelm
