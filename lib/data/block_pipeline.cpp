#include "data/block_pipeline.hpp"

#include <utility>

#include "base/error.hpp"

namespace moelm {

namespace {

/// Some blocks, of which the first `count` are filled.
struct Batch {
  std::vector<TextBlock> blocks;
  Index count = 0;

  void fill(TextBlockReader& reader) {
    for (count = 0; count < static_cast<Index>(blocks.size()); ++count)
      if (!reader.next(blocks[count])) break;
  }
};

}  // namespace

Index BlockPipeline::run(TextSource& source, std::string_view pass, const std::vector<Index>& cuts, const Work& work,
                         const Collect& collect) {
  TextBlockReader reader(source, cuts);
  Batch present, next;
  present.blocks.resize(slots());
  next.blocks.resize(slots());
  present.fill(reader);
  while (present.count > 0) {
    if (callbacks_.stop && callbacks_.stop())
      throw Error(Exit::stopped, "stopped on request; nothing was kept, run again");
    if (callbacks_.progress) callbacks_.progress(pass, source.name(), source.stored_position(), source.stored_size());
    context_.parallel_for(present.count + 1, [&](Index i) {
      if (i == 0)
        next.fill(reader);
      else
        work(present.blocks[i - 1], i - 1);
    });
    for (Index i = 0; i < present.count; ++i)
      if (!collect(present.blocks[i], i)) return reader.offset();
    std::swap(present, next);
  }
  return reader.offset();
}

}  // namespace moelm
