// Reads a text in blocks while all threads work on the previous blocks, and collects the results in order.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "base/context.hpp"
#include "text/text_blocks.hpp"

namespace moelm {

/// Callbacks of a long job. Each may be missing.
struct JobCallbacks {
  /// If it returns true, the job ends with Error(Exit::stopped).
  std::function<bool()> stop;
  /// Called regularly with the pass over the text, the input, and how many of its stored bytes were read (total 0 if
  /// unknown).
  std::function<void(std::string_view pass, std::string_view input, Index bytes, Index total)> progress;
};

/// A block and a result for each thread bound the memory.
class BlockPipeline {
 public:
  BlockPipeline(Context& context, const JobCallbacks& callbacks) : context_(context), callbacks_(callbacks) {}

  const JobCallbacks& callbacks() const { return callbacks_; }

  /// The number of slots: one per thread.
  Index slots() const { return context_.threads(); }

  /// Called for every block from any thread. No other call uses the same slot at the same time.
  using Work = std::function<void(const TextBlock& block, Index slot)>;
  /// Called for every block in order after its work, from the calling thread. False ends the run.
  using Collect = std::function<bool(const TextBlock& block, Index slot)>;

  /// Reads all of `source` from its beginning. Returns the number of bytes read.
  Index run(TextSource& source, std::string_view pass, const std::vector<Index>& cuts, const Work& work,
            const Collect& collect);

 private:
  Context& context_;
  const JobCallbacks& callbacks_;
};

}  // namespace moelm
