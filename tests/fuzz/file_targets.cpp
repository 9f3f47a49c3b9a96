// Readers of binary files and of text.
#include <algorithm>
#include <cstring>
#include <vector>

#include "base/escape.hpp"
#include "base/finite.hpp"
#include "base/utf8.hpp"
#include "comparison/token_rows.hpp"
#include "data/shard.hpp"
#include "fuzz/scratch.hpp"
#include "fuzz/targets.hpp"
#include "io/safetensors.hpp"
#include "support/hostile.hpp"
#include "support/reseal.hpp"
#include "text/text_blocks.hpp"
#include "text/text_repair.hpp"
#include "text/text_source.hpp"

namespace moelm {

namespace {

/// Reads a shard as an index describes it that says what the shard's own head says.
void read_shard(std::string_view bytes) {
  constexpr std::uint64_t kMaxVocabulary = 2'000'000'000, kMaxTokens = std::uint64_t{1} << 53;
  const auto vocabulary = static_cast<Index>(1 + number_in(bytes, kShardVocabularyAt, 8) % kMaxVocabulary);
  const auto tokens = static_cast<Index>(number_in(bytes, kShardTokensAt, 8) % kMaxTokens);
  std::string agreed(bytes);
  put_number(agreed, kShardVocabularyAt, 8, static_cast<std::uint64_t>(vocabulary));
  put_number(agreed, kShardTokensAt, 8, static_cast<std::uint64_t>(tokens));
  const std::string path = put_scratch(resealed_shard(agreed));
  const ShardLayout layout = read_shard_layout(path, vocabulary, true, tokens);
  std::vector<std::int32_t> stored;
  for (Index b = 0; b < static_cast<Index>(layout.blocks.size()); ++b) {
    read_shard_block(layout, b, stored);
    for (const std::int32_t id : stored) promise(id >= 0 && id <= vocabulary, "ids are of the vocabulary");
  }
}

}  // namespace

std::string fuzz_tensors(std::string_view bytes) {
  const std::string path = put_scratch(bytes);
  return refusal_of([&] {
    const SafetensorsFile file = SafetensorsFile::open(path);
    for (const StoredTensor& tensor : file.tensors()) {
      promise(tensor.bytes <= static_cast<Index>(bytes.size()), "a tensor lies within its file");
      std::string values(static_cast<std::size_t>(tensor.bytes), '\0');
      file.read(tensor, values.data());
    }
  });
}

std::string fuzz_shard(std::string_view bytes) {
  const std::string path = put_scratch(bytes);
  refusal_of([&] { read_shard_layout(path, 300, true, 40); });
  return refusal_of([&] { read_shard(bytes); });
}

std::string fuzz_text(std::string_view bytes) {
  promise(objection(escape_terminal(bytes)).empty(), "escaped text is harmless");
  promise(objection(escape_html(bytes)).empty(), "escaped text is harmless");
  std::string repaired;
  TextFaults faults;
  const std::string whole(repair_text(bytes, repaired, faults));
  std::string again;
  TextFaults none;
  repair_text(whole, again, none);
  promise(none.malformed == 0, "repaired text is sound");
  const std::string path = put_scratch(bytes);
  return refusal_of([&] {
    constexpr std::size_t kEnough = std::size_t{1} << 22;  // a bomb is not followed to its end
    std::string in_blocks, at_once, piece(65'536, '\0');
    TextSource source = TextSource::open(path);
    TextBlockReader reader(source, {}, static_cast<Index>(1 + bytes.size() % 200));
    for (TextBlock block; in_blocks.size() < kEnough && reader.next(block);) in_blocks += block.bytes;
    TextSource second = TextSource::open(path);
    while (at_once.size() < kEnough) {
      const std::size_t count = second.read_some(piece.data(), piece.size());
      if (count == 0) break;
      at_once.append(piece, 0, count);
    }
    const std::size_t both = std::min(in_blocks.size(), at_once.size());
    promise(both >= kEnough || in_blocks.size() == at_once.size(), "text is as long however it is read");
    promise(in_blocks.compare(0, both, at_once, 0, both) == 0, "text is the same however it is read");
  });
}

std::string fuzz_rows(std::string_view bytes) {
  const std::string path = put_scratch(bytes);
  return refusal_of([&] {
    const TokenScores scores = read_token_rows(path);
    promise(scores.tokens() > 0, "a file of rows has rows");
    TokenPlace last;
    for (Index t = 0; t < scores.tokens(); ++t) {
      const TokenPlace place = scores.place(t);
      promise(place.line > last.line || place.position > last.position, "rows come in the order of the text");
      promise(is_finite(scores.nll()[t]) && scores.nll()[t] > -1e-5, "a score is that of a probability");
      last = place;
    }
  });
}

}  // namespace moelm
