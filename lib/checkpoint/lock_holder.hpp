// Who holds a lock: written into its file, and compared by whoever finds it.
#pragma once

#include <string>

#include "base/index.hpp"
#include "io/file_system.hpp"

namespace moelm {

/// A process, told apart from all others on all machines.
struct LockHolder {
  Index pid = 0;  ///< in its namespace; 0: not known
  std::string host, boot;
  std::string pid_namespace;  ///< "" where it is not known
  Index process_start = 0;    ///< in ticks since the boot; tells it from a later process with the same number
  Index locked = 0;           ///< when the lock was taken, in seconds since 1970
};

/// A lock file is never longer.
inline constexpr Index kMaxHolderBytes = 4096;

/// This process, now.
LockHolder this_process();

std::string lock_text(const LockHolder& holder);

/// Whoever holds the lock may be writing this very file, so anything unreadable is an unknown holder.
LockHolder read_lock_holder(const std::string& path, FileSystem& fs);

/// "process 4711 on host NAME".
std::string describe(const LockHolder& holder);

/// What can be found out here about the process of a holder. `unknown`: it is of another host or another container, so
/// that its number means nothing here.
enum class HolderState { alive, gone, unknown };
HolderState state_of(const LockHolder& holder);

}  // namespace moelm
