#include "data/dataset_writer.hpp"

#include <utility>

namespace moelm {

namespace {

void add_sums(const EncodedText& text, SplitIndex& split) {
  split.tokens += text.tokens();
  split.lines += text.lines();
  split.words += text.words;
  split.unknown_words += text.unknown_words;
  split.literal_unknown += text.literal_unknown;
  split.bytes += text.bytes;
  split.marks += text.marks;
  split.plain_spaces = split.plain_spaces && text.plain_spaces;
  split.faults.add(text.faults);
}

}  // namespace

DatasetWriter::DatasetWriter(const std::string& directory, const Tokenizer& tokenizer, Context& context)
    : tokenizer_(tokenizer), counts_(static_cast<std::size_t>(tokenizer.vocabulary_size())) {
  index_.kind = tokenizer.kind();
  index_.lowercase = tokenizer.lowercase();
  index_.vocabulary = tokenizer.vocabulary_size();
  for (SplitIndex& split : index_.splits) split.plain_spaces = true;
  for (const auto& [name, split] : EnumNames<Split>::values)
    writers_.emplace_back(directory, std::string(name), tokenizer.vocabulary_size(), context);
}

void DatasetWriter::add(InputText& input, BlockPipeline& pipeline) {
  std::vector<EncodedText> encoded(pipeline.slots());
  part_open_ = false;
  input.run(
      pipeline, "encode",
      [&](const TextBlock& block, Index slot) {
        EncodedText& out = encoded[slot];
        out.clear();
        encode_piece(tokenizer_, block.bytes, block.offset == 0, out);
      },
      [&](const TextBlock& block, Index slot) {
        collect(input, block, encoded[slot]);
        return true;
      });
}

void DatasetWriter::collect(const InputText& input, const TextBlock& block, EncodedText& text) {
  const InputPart& part = input.parts()[block.part];
  SplitIndex& split = index_.split(part.split);
  if (!part_open_) {
    split.inputs.push_back({input.path(), part.first_line, {split.lines, split.lines}, {split.tokens, split.tokens}});
    document_ = {};
    part_open_ = true;
  }
  document_.add(text);
  if (block.ends_part) {
    document_.end(tokenizer_, text);
    part_open_ = false;
  }
  writers_[static_cast<std::size_t>(part.split)].append(text);
  add_sums(text, split);
  split.inputs.back().lines.end = split.lines;
  split.inputs.back().tokens.end = split.tokens;
  if (part.split == Split::train)
    for (const std::int32_t id : text.ids) ++counts_[id];
}

DataIndex DatasetWriter::finish() {
  for (const auto& [name, split] : EnumNames<Split>::values)
    index_.split(split).shards = writers_[static_cast<std::size_t>(split)].finish();
  return std::move(index_);
}

}  // namespace moelm
