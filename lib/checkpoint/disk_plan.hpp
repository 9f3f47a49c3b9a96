// The room that a run's checkpoints will take, known before the first step.
#pragma once

#include <optional>
#include <string>

#include "base/checked.hpp"
#include "base/index.hpp"
#include "io/file_system.hpp"

namespace moelm {

/// Bytes, all of them.
struct DiskPlan {
  Index checkpoint = 0;       ///< of one checkpoint
  Index copies = 0;           ///< checkpoints that are there together at most: those kept, the best, one being written
  Index least = 0;            ///< copies without which no second save succeeds: the newest, the best, one being written
  std::optional<Index> room;  ///< free on the disk, and what the run's checkpoints take now; nothing if it is not known

  Index wanted() const { return product_at_most(copies, checkpoint); }
  Index needed() const { return product_at_most(least, checkpoint); }
  /// Whether saves will succeed, perhaps with fewer checkpoints kept. True where the room is not known.
  bool fits() const { return !room || needed() <= *room; }
  /// Whether all that is to be kept has room.
  bool fits_all() const { return !room || wanted() <= *room; }
};

/// `keep` newest checkpoints beside the best, which a run without validation (`validates` false) does not have. The
/// folder of the run need not exist yet. Creates nothing.
DiskPlan plan_disk(const std::string& run, Index checkpoint_bytes, Index keep, bool validates,
                   FileSystem& fs = real_file_system());

}  // namespace moelm
