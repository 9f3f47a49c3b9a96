// A text read block by block while all threads work on the blocks before, with results collected in order.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "base/context.hpp"
#include "text/text_blocks.hpp"

namespace moelm {

/// What a long job tells the outside, and asks it. Any of the functions may be missing.
struct JobHooks {
  /// When it says true, the job ends with Error(Exit::stopped).
  std::function<bool()> stop;
  /// Called now and then: which pass over the text, bytes read of the current input as stored, and their total (0 if
  /// unknown).
  std::function<void(std::string_view pass, std::string_view input, Index bytes, Index total)> progress;
};

/// Memory is bounded by a block and a result for every thread.
class BlockPipeline {
 public:
  BlockPipeline(Context& context, const JobHooks& hooks) : context_(context), hooks_(hooks) {}

  const JobHooks& hooks() const { return hooks_; }

  /// Slots that `work` sees: one a thread.
  Index slots() const { return context_.threads(); }

  /// Called for every block, from any thread, with a slot that no other call uses at the time.
  using Work = std::function<void(const TextBlock& block, Index slot)>;
  /// Called for every block in order, after its work, from the calling thread; false ends the run.
  using Collect = std::function<bool(const TextBlock& block, Index slot)>;

  /// Reads all of `source`, which is rewound before. Returns the number of bytes that were read.
  Index run(TextSource& source, std::string_view pass, const std::vector<Index>& cuts, const Work& work,
            const Collect& collect);

 private:
  Context& context_;
  const JobHooks& hooks_;
};

}  // namespace moelm
