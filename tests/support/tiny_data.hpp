// A small data folder made from given texts, and a small model for it.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "data/shard_writer.hpp"
#include "io/file.hpp"
#include "support/model_case.hpp"
#include "tokenizer/tokenizer_file.hpp"
#include "tokenizer/vocabulary_tokenizer.hpp"

namespace moelm {

/// A vocabulary of these words with </s> and <unk>, each with a count of 1 but for <unk>.
inline std::unique_ptr<Tokenizer> tiny_tokenizer(TokenizerKind kind, const std::vector<std::string>& words,
                                                 Index unknown_count = 1) {
  Vocabulary vocabulary;
  for (const char* word : {"</s>", "<unk>"}) vocabulary.words.add(word);
  for (const std::string& word : words) vocabulary.words.add(word);
  vocabulary.counts.assign(static_cast<std::size_t>(vocabulary.words.size()), 1);
  vocabulary.counts[1] = unknown_count;
  return make_vocabulary_tokenizer(kind, false, std::move(vocabulary));
}

inline SplitIndex put_split(const std::string& directory, const std::string& name, const Tokenizer& tokenizer,
                            const std::string& text) {
  Context context(1);
  EncodedText encoded;
  tokenizer.encode(text, encoded);
  if (!text.empty() && text.back() != '\n') tokenizer.end_line(encoded);
  if (!text.empty()) tokenizer.end_document(encoded);
  ShardWriter writer(directory, name, tokenizer.vocabulary_size(), context);
  writer.append(encoded);
  SplitIndex split;
  split.tokens = encoded.tokens();
  split.lines = encoded.lines();
  split.words = encoded.words;
  split.unknown_words = encoded.unknown_words;
  split.literal_unknown = encoded.literal_unknown;
  split.bytes = encoded.bytes;
  split.faults = encoded.faults;
  if (split.tokens > 0) split.inputs = {{name + ".txt", 0, {0, split.lines}, {0, split.tokens}}};
  split.shards = writer.finish();
  return split;
}

/// Writes a data folder; the texts are those of train, valid and test.
inline void put_data(const std::string& directory, const Tokenizer& tokenizer,
                     const std::array<std::string, 3>& texts) {
  make_directories(directory);
  std::vector<Index> counts;
  for (std::int32_t id = 0; id < tokenizer.vocabulary_size(); ++id) counts.push_back(tokenizer.count(id));
  const TokenizerFiles files = tokenizer_files(tokenizer, counts);
  write_tokenizer(directory, files);
  DataIndex index;
  index.kind = tokenizer.kind();
  index.lowercase = tokenizer.lowercase();
  index.vocabulary = tokenizer.vocabulary_size();
  index.tokenizer_sha256 = files.sha256();
  for (const auto& [name, split] : EnumNames<Split>::values)
    index.split(split) = put_split(directory, std::string(name), tokenizer, texts[static_cast<std::size_t>(split)]);
  write_file_atomic(directory + "/index.json", index_file_text(index));
}

/// Embedding, LSTM, MoE, LSTM, softmax, all small.
inline ModelConfig tiny_model() {
  return model_config(8, {LstmConfig{8, 0}, moe_config(4, 2, {6}), LstmConfig{8, 0}}, 0.0);
}

/// Weights of a model, every one random.
inline ModelParameters random_parameters(const ModelConfig& config, Index vocabulary, std::uint64_t seed) {
  ModelParameters parameters = make_parameters(config, vocabulary);
  for (const NamedTensor& t : named_tensors(parameters))
    *t.values = random_matrix(t.values->rows(), t.values->cols(), ++seed,
                              t.vector ? 0.5f : 2.0f / std::sqrt(static_cast<float>(t.values->cols())));
  return parameters;
}

}  // namespace moelm
