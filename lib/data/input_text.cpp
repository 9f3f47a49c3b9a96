#include "data/input_text.hpp"

#include <utility>

#include "base/error.hpp"
#include "text/text_repair.hpp"

namespace moelm {

InputText::InputText(const std::string& path, Split split, const std::string& scratch_directory,
                     const JobCallbacks& callbacks, TextBytes bytes)
    : path_(path), bytes_kept_(bytes), parts_{{split, 0, 0}} {
  TextSource source = TextSource::open_rewindable(path, scratch_directory, callbacks.stop, bytes);
  if (source.is_copy()) copy_.emplace(std::move(source));
}

void InputText::run(BlockPipeline& pipeline, std::string_view pass, const BlockPipeline::Work& work,
                    const BlockPipeline::Collect& collect) {
  std::vector<Index> cuts;
  for (std::size_t i = 1; i < parts_.size(); ++i) cuts.push_back(parts_[i].begin);
  bool whole = true;
  const auto watched = [&](const TextBlock& block, Index slot) { return whole = collect(block, slot); };
  Index bytes = 0;
  if (copy_) {
    copy_->rewind();
    bytes = pipeline.run(*copy_, pass, cuts, work, watched);
  } else {
    TextSource source = TextSource::open(path_, {}, bytes_kept_);
    bytes = pipeline.run(source, pass, cuts, work, watched);
  }
  if (!whole) return;
  if (bytes_ && *bytes_ != bytes)
    throw Error(Exit::bad_data, path_ + ": expected " + std::to_string(*bytes_) + " bytes of text as before, found " +
                                    std::to_string(bytes) + "; it changed while it was read, run again");
  bytes_ = bytes;
}

void InputText::run_training(BlockPipeline& pipeline, std::string_view pass, const BlockPipeline::Work& work,
                             const BlockPipeline::Collect& collect) {
  if (parts_.front().split != Split::train) return;
  run(
      pipeline, pass,
      [&](const TextBlock& block, Index slot) {
        if (block.part == 0) work(block, slot);
      },
      [&](const TextBlock& block, Index slot) {
        return block.part == 0 && collect(block, slot) && (parts_.size() == 1 || !block.ends_part);
      });
}

std::string_view block_text(const TextBlock& block, bool keep_bytes) {
  const std::string_view text = block.bytes;
  return keep_bytes || block.offset > 0 ? text : without_byte_order_mark(text);
}

}  // namespace moelm
