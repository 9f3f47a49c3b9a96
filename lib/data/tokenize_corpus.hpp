// The work of moe-tokenize: turns text files into a data folder.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "data/block_pipeline.hpp"
#include "data/data_index.hpp"

namespace moelm {

struct TokenizeOptions {
  std::string out = {};
  std::vector<std::string> train = {}, valid = {}, test = {};  ///< paths; "-" is standard input, once
  std::optional<TokenizerKind> kind = {};
  std::optional<Index> vocabulary_size = {};
  std::optional<Index> min_count = {};
  bool lowercase = false;
  /// A data or run folder or its tokenizer.json, whose ids are kept, a Hugging Face tokenizer.json, or a list with a
  /// word on every line.
  std::string vocabulary = {};
};

struct TokenizeResult {
  DataIndex index;
  std::string checksum;          ///< of index.json
  bool valid_held_back = false;  ///< taken from the ends of the training files
  bool test_held_back = false;
  double seconds = 0;
  /// Parts of them: to find the default splits, to make the vocabulary, to encode the text and write the shards.
  double split_seconds = 0, counting_seconds = 0, encoding_seconds = 0;
  /// Words of the list that --vocab names (-1 without a list), those that the tokenizer never makes, and the first of
  /// these.
  Index listed_words = -1, unmatched_words = 0;
  std::string unmatched_example;
  std::vector<std::string> vocabulary_notes;  ///< what of a given tokenizer is not kept
  /// Whether the vocabulary has an `<unk>` that never occurs in the training text.
  bool unknown_unseen = false;
};

/// Writes the data folder, which appears complete or not at all. Its bytes are the same for any number of threads.
/// Errors: usage for options that contradict each other, missing_input, bad_data, cannot_create where something is
/// there already, stopped when the callback says so.
TokenizeResult tokenize_corpus(const TokenizeOptions& options, Context& context, const JobCallbacks& callbacks = {});

}  // namespace moelm
