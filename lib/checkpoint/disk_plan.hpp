// The disk space that a run's checkpoints will take, computed before the first step.
#pragma once

#include <optional>
#include <string>

#include "base/checked.hpp"
#include "base/index.hpp"
#include "io/file_system.hpp"

namespace moelm {

struct DiskPlan {
  Index checkpoint = 0;       ///< bytes of one checkpoint
  Index max_copies = 0;       ///< most checkpoints at one time: those kept, the best, and one being written
  Index min_copies = 0;       ///< copies that saving needs: the newest, the best, and one being written
  std::optional<Index> room;  ///< bytes free on the disk plus those of the run's checkpoints; nothing if unknown

  Index wanted() const { return product_at_most(max_copies, checkpoint); }
  Index needed() const { return product_at_most(min_copies, checkpoint); }
  /// Whether saves will succeed, possibly with fewer checkpoints kept. True if the room is unknown.
  bool fits() const { return !room || needed() <= *room; }
  /// Whether there is room for all checkpoints that should be kept.
  bool fits_all() const { return !room || wanted() <= *room; }
};

/// The plan for `keep` newest checkpoints beside the best one, which a run without validation (`validates` false) does
/// not have. The folder of the run need not exist. Creates nothing.
DiskPlan plan_disk(const std::string& run, Index checkpoint_bytes, Index keep, bool validates,
                   FileSystem& fs = real_file_system());

}  // namespace moelm
