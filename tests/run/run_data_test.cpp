// What a model asks of the tokenizer of its data.
#include "run/run_data.hpp"

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "tokenizer/bpe_tokenizer.hpp"
#include "tokenizer/byte_tokenizer.hpp"
#include "tokenizer/vocabulary_tokenizer.hpp"

using namespace moelm;

TEST_CASE("an adaptive softmax takes the tokenizers whose ids are ordered by frequency") {
  ModelConfig model;
  model.layers = {EmbeddingConfig{8}, SoftmaxConfig{}};
  const auto bytes = make_byte_tokenizer(std::vector<Index>(257, 1));
  const auto pieces = make_bpe_tokenizer({}, std::vector<Index>(257, 1));
  Vocabulary vocabulary;
  for (const char* word : {"</s>", "<unk>", "a", "b"}) vocabulary.words.add(word);
  vocabulary.counts.assign(4, 1);
  const auto words = make_vocabulary_tokenizer(TokenizerKind::word, false, std::move(vocabulary));
  require_ordered_ids(model, *bytes);
  std::get<SoftmaxConfig>(model.layers.back()).cutoffs = {2, 3};
  require_ordered_ids(model, *words);
  for (const Tokenizer* tokenizer : {bytes.get(), pieces.get()}) {
    REQUIRE(error_exit([&] { require_ordered_ids(model, *tokenizer); }) == Exit::bad_config);
    REQUIRE(error_text([&] { require_ordered_ids(model, *tokenizer); }) ==
            "model.layers.1.cutoffs: expected none with the tokenizer " + std::string(enum_name(tokenizer->kind())) +
                ", whose ids are not ordered by frequency, found 2 cutoffs; use data of the tokenizer text or word");
  }
}

TEST_CASE("counts of a vocabulary tell whether its ids are ordered by frequency") {
  const auto words = [](std::vector<Index> counts) {
    Vocabulary vocabulary;
    for (const char* word : {"</s>", "<unk>", "a", "b", "c", "d"}) vocabulary.words.add(word);
    vocabulary.counts = std::move(counts);
    return make_vocabulary_tokenizer(TokenizerKind::word, false, std::move(vocabulary));
  };
  REQUIRE(ordered_vocabulary(*words({7, 900, 9, 9, 5, 0})) == 6);
  REQUIRE(ordered_vocabulary(*words({7, 900, 9, 5, 6, 1})) == 0);
  REQUIRE(ordered_vocabulary(*words({7, 0, 0, 0, 0, 0})) == 0);
  REQUIRE(ordered_vocabulary(*make_byte_tokenizer(std::vector<Index>(257, 1))) == 0);
}
