// An input file of a data folder: opened for each pass, and cut into parts for the splits.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/block_pipeline.hpp"
#include "data/data_index.hpp"
#include "text/text_source.hpp"

namespace moelm {

/// Where a part begins. It ends where the next part begins.
struct InputPart {
  Split split = Split::train;
  Index begin = 0;       ///< byte
  Index first_line = 0;  ///< number of the line that it begins in
};

/// Keeps no file open between passes, except copies of inputs that can be read only once.
class InputText {
 public:
  /// Opens the input once, so that a missing file is noticed early. Copies go to `scratch_directory`.
  InputText(const std::string& path, Split split, const std::string& scratch_directory, const JobCallbacks& callbacks,
            TextBytes bytes);

  const std::string& path() const { return path_; }
  const std::vector<InputPart>& parts() const { return parts_; }
  void set_parts(std::vector<InputPart> parts) { parts_ = std::move(parts); }
  Split split_of(const TextBlock& block) const { return parts_[block.part].split; }

  /// One pass over the text, cut at the parts. Error(bad_data) if the size differs from that of an earlier pass.
  void run(BlockPipeline& pipeline, std::string_view pass, const BlockPipeline::Work& work,
           const BlockPipeline::Collect& collect);
  /// One pass over the parts of the training split, which come first.
  void run_training(BlockPipeline& pipeline, std::string_view pass, const BlockPipeline::Work& work,
                    const BlockPipeline::Collect& collect);

 private:
  std::string path_;
  TextBytes bytes_kept_;
  std::vector<InputPart> parts_;
  std::optional<TextSource> copy_;
  std::optional<Index> bytes_;
};

/// The bytes of a block as the tokenizer is to see them: without the byte order mark that a text begins with, unless
/// `keep_bytes`.
std::string_view block_text(const TextBlock& block, bool keep_bytes);

}  // namespace moelm
