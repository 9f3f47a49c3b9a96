#include "data/tokenizer_training.hpp"

#include <algorithm>
#include <utility>

#include "data/word_list.hpp"
#include "tokenizer/bpe_trainer.hpp"
#include "tokenizer/byte_tokenizer.hpp"
#include "tokenizer/normalized_text.hpp"
#include "tokenizer/text_encoder.hpp"
#include "tokenizer/vocabulary_builder.hpp"
#include "tokenizer/words.hpp"

namespace moelm {

namespace {

constexpr Index kCountingMemory = Index{256} << 20;  // of all tables together

/// What a slot of the pipeline needs to count words.
struct CountingSlot {
  NormalizedText normalized;
  std::vector<Word> words;
  Index lines = 0;
};

struct CountedText {
  std::vector<WordCounter> counters;
  Index lines = 0;
};

void count_block(const TextBlock& block, const TokenizerOptions& options, CountingSlot& slot, WordCounter& counter) {
  const bool keep_bytes = options.kind == TokenizerKind::bpe;
  std::string_view text = block_text(block, keep_bytes);
  TextFaults ignored;  // they are counted when the text is encoded
  if (!keep_bytes) text = slot.normalized.normalize(text, options.lowercase, ignored);
  slot.words.clear();
  splitter_of(options.kind)(text, slot.words);
  slot.lines = 0;
  for (const Word& word : slot.words)
    if (word.is_line_end())
      ++slot.lines;
    else
      counter.add(word.in(text));
}

CountedText count_words(std::vector<InputText>& inputs, const TokenizerOptions& options,
                        const std::string& scratch_directory, BlockPipeline& pipeline) {
  CountedText result;
  std::vector<CountingSlot> slots(pipeline.slots());
  for (Index i = 0; i < pipeline.slots(); ++i)
    result.counters.emplace_back(scratch_directory, kCountingMemory / pipeline.slots());
  for (InputText& input : inputs) {
    bool line_open = false;
    input.run_training(
        pipeline, "count words",
        [&](const TextBlock& block, Index slot) {
          const auto at = static_cast<std::size_t>(slot);
          count_block(block, options, slots[at], result.counters[at]);
        },
        [&](const TextBlock& block, Index slot) {
          result.lines += slots[slot].lines;
          const std::string_view text = block_text(block, options.kind == TokenizerKind::bpe);
          if (!text.empty()) line_open = text.back() != '\n';
          if (block.ends_part && line_open) ++result.lines;
          return true;
        });
  }
  return result;
}

/// Counts the words of a list in the training text by encoding it.
std::unique_ptr<Tokenizer> tokenizer_of_list(std::vector<InputText>& inputs, const TokenizerOptions& options,
                                             BlockPipeline& pipeline) {
  const WordTable words = read_word_list(options.word_list, options.lowercase, pipeline.callbacks().stop);
  std::vector<Index> counts(words.size());
  const auto tokenizer = make_vocabulary_tokenizer(options.kind, options.lowercase, {words, counts});
  std::vector<EncodedText> encoded(pipeline.slots());
  for (InputText& input : inputs) {
    OpenDocument document;
    input.run_training(
        pipeline, "count words",
        [&](const TextBlock& block, Index slot) {
          EncodedText& out = encoded[slot];
          out.clear();
          encode_piece(*tokenizer, block.bytes, block.offset == 0, out);
        },
        [&](const TextBlock& block, Index slot) {
          EncodedText& out = encoded[slot];
          document.add(out);
          if (block.ends_part) document.end_line(*tokenizer, out);
          for (const std::int32_t id : out.ids) ++counts[id];
          return true;
        });
  }
  return make_vocabulary_tokenizer(options.kind, options.lowercase, rank_vocabulary(words, counts));
}

}  // namespace

TokenizerOptions with_defaults(TokenizerOptions options) {
  constexpr Index kTextTypes = 50'000, kBpeTokens = 16'384;
  const bool text = options.kind == TokenizerKind::text, bpe = options.kind == TokenizerKind::bpe;
  if (options.min_count == 0) options.min_count = text || bpe ? 2 : 1;
  if (options.vocabulary_size == 0) options.vocabulary_size = text ? kTextTypes : bpe ? kBpeTokens : 0;
  return options;
}

std::unique_ptr<Tokenizer> train_tokenizer(std::vector<InputText>& inputs, const TokenizerOptions& options,
                                           const std::string& scratch_directory, BlockPipeline& pipeline) {
  if (options.kind == TokenizerKind::byte) return make_byte_tokenizer(std::vector<Index>(kByteVocabulary));
  if (!options.word_list.empty()) return tokenizer_of_list(inputs, options, pipeline);
  CountedText counted = count_words(inputs, options, scratch_directory, pipeline);
  if (options.kind == TokenizerKind::bpe) {
    std::vector<Merge> merges =
        train_bpe(counted.counters, {.size = options.vocabulary_size, .min_count = options.min_count});
    std::vector<Index> counts(merges.size() + kByteTokens + 1);
    return make_bpe_tokenizer(std::move(merges), std::move(counts));
  }
  return make_vocabulary_tokenizer(options.kind, options.lowercase,
                                   build_vocabulary(counted.counters, counted.lines,
                                                    {.min_count = options.min_count, .size = options.vocabulary_size}));
}

}  // namespace moelm
