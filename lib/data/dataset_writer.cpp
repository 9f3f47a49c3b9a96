#include "data/dataset_writer.hpp"

#include <utility>

#include "base/error.hpp"

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

bool is_mark_alone(const TextBlock& block, const Tokenizer& tokenizer) {
  return block.offset == 0 && block.bytes == kByteOrderMark && !tokenizer.keeps_bytes();
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
        const std::string_view text = block_text(block, tokenizer_.keeps_bytes());
        const auto mark_bytes = static_cast<Index>(block.bytes.size() - text.size());
        out.bytes += mark_bytes;
        const bool has_mark = block.offset == 0 && block.bytes.starts_with(kByteOrderMark);
        out.faults.byte_order_marks += has_mark ? 1 : 0;
        tokenizer_.encode(text, out);
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
    line_open_ = false;
    part_open_ = true;
  }
  // A byte order mark alone is no line.
  if (!block.bytes.empty()) line_open_ = block.bytes.back() != '\n' && !is_mark_alone(block, tokenizer_);
  if (block.ends_part) {
    if (line_open_) tokenizer_.end_line(text);
    const bool has_text = text.tokens() > 0 || split.tokens > split.inputs.back().tokens.begin;
    if (has_text) tokenizer_.end_document(text);
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
