// Encodes input texts into the shards and the index of a data folder.
#pragma once

#include <string>
#include <vector>

#include "data/data_index.hpp"
#include "data/input_text.hpp"
#include "data/shard_writer.hpp"
#include "tokenizer/text_encoder.hpp"

namespace moelm {

/// Writes shards while texts are added. The caller writes the index at the end.
class DatasetWriter {
 public:
  DatasetWriter(const std::string& directory, const Tokenizer& tokenizer, Context& context);

  /// Encodes all parts of a text.
  void add(InputText& input, BlockPipeline& pipeline);
  /// Writes the rest. Returns the sums, inputs and shards of all splits.
  DataIndex finish();
  /// How often the training split holds each token.
  const std::vector<Index>& training_counts() const { return counts_; }

 private:
  void collect(const InputText& input, const TextBlock& block, EncodedText& text);

  const Tokenizer& tokenizer_;
  DataIndex index_;
  std::vector<ShardWriter> writers_;
  std::vector<Index> counts_;
  OpenDocument document_;
  bool part_open_ = false;
};

}  // namespace moelm
