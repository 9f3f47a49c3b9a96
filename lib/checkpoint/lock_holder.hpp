// The process that holds a lock, as written into the lock file.
#pragma once

#include <string>

#include "base/index.hpp"
#include "io/file_system.hpp"

namespace moelm {

/// Identifies a process among all processes on all machines.
struct LockHolder {
  Index pid = 0;  ///< in its namespace; 0: unknown
  std::string host, boot;
  std::string pid_namespace;  ///< "" if unknown
  Index process_start = 0;    ///< in ticks since boot; a later process with the same pid has another
  Index locked = 0;           ///< when the lock was taken, in seconds since 1970
};

/// The maximum size of a lock file.
inline constexpr Index kMaxHolderBytes = 4096;

/// This process, now.
LockHolder this_process();

std::string lock_text(const LockHolder& holder);

/// The holder may be writing the file right now, so an unreadable file means an unknown holder.
LockHolder read_lock_holder(const std::string& path, FileSystem& fs);

/// "process 4711 on host NAME".
std::string describe(const LockHolder& holder);

/// What is known here about a holder's process. `unknown`: it runs on another host or in another container, where its
/// pid has another meaning.
enum class HolderState { alive, gone, unknown };
HolderState state_of(const LockHolder& holder);

}  // namespace moelm
