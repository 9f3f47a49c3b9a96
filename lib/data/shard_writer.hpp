// Writes the shards of one split. Their bytes depend on the tokens alone, not on threads or on how the tokens arrive.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "data/data_index.hpp"
#include "io/checksum.hpp"
#include "tokenizer/encoded_text.hpp"

namespace moelm {

/// Holds at most one compressed shard in memory. One thread at a time; compresses on the threads of the context.
class ShardWriter {
 public:
  /// The files in `directory` are NAME-00000.shard and so on. They must not exist.
  ShardWriter(std::string directory, std::string name, Index vocabulary, Context& context);

  void append(const EncodedText& text);
  /// Writes the rest and returns all files in order.
  std::vector<ShardFile> finish();

 private:
  void compress(Index blocks);
  void write_shard();

  std::string directory_, name_;
  Index vocabulary_;
  Context& context_;
  std::vector<std::int32_t> pending_;
  std::vector<std::string> blocks_;
  Index shard_tokens_ = 0;
  Sha256 checksum_;  ///< of the tokens of this shard
  std::vector<ShardFile> files_;
};

}  // namespace moelm
