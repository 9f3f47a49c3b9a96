// The whole work of moe-tokenize: from text files to a data folder.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "data/block_pipeline.hpp"
#include "data/data_index.hpp"

namespace moelm {

struct PrepareOptions {
  std::string out = {};
  std::vector<std::string> train = {}, valid = {}, test = {};  ///< paths; "-" is standard input, once
  std::optional<TokenizerKind> kind = {};
  std::optional<Index> vocabulary_size = {};
  std::optional<Index> min_count = {};
  bool lowercase = false;
  /// A data or run folder or its tokenizer.json, whose ids are kept, or a list of words, one a line.
  std::string vocabulary = {};
};

struct PrepareResult {
  DataIndex index;
  std::string checksum;          ///< of index.json
  bool valid_held_back = false;  ///< taken from the ends of the training files
  bool test_held_back = false;
  double seconds = 0;
  /// Of them: to find what is held back, to make the vocabulary, and to encode and write the shards.
  double survey_seconds = 0, counting_seconds = 0, encoding_seconds = 0;
  /// Words of the list that --vocab names, -1 without a list; those that the tokenizer never makes, and one of them.
  Index listed_words = -1, unmatched_words = 0;
  std::string unmatched_example;
  /// Whether the vocabulary has an `<unk>` that never occurs in the training text.
  bool unknown_unseen = false;
};

/// Writes the data folder; it appears whole or not at all. Byte-identical for any number of threads. Errors: usage for
/// options that contradict each other, missing_input, bad_data, cannot_create where something is there already, stopped
/// when the hooks say so.
PrepareResult prepare_dataset(const PrepareOptions& options, Context& context, const JobHooks& hooks = {});

}  // namespace moelm
