// Ranks that a launcher started: mpirun, mpiexec, srun.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/machine.hpp"
#include "dist/communicator.hpp"
#include "dist/mpi_ranks.hpp"

namespace moelm {

/// What a launcher says in the environment of a process.
struct Launch {
  std::string launcher;      ///< "mpirun", "mpiexec" or "srun"
  int ranks = 1;             ///< in all
  int ranks_of_machine = 1;  ///< on this machine, if it says so
};

/// Nothing where no launcher started this process, or for one rank alone.
std::optional<Launch> find_launch();

/// The threads of a rank where `all` are those that a process alone would have: the ranks of a machine share its cores,
/// unless the environment said how many threads each has or the launcher gave each its own cores.
ThreadChoice threads_of_rank(const ThreadChoice& all, const std::optional<Launch>& launch);

/// The memory of a rank: its part of the machine's.
MemoryLimit memory_of_rank(const std::optional<Launch>& launch);

/// What to say where the launcher bound this rank to fewer processors than its part of the machine, as Open MPI does
/// without --bind-to none; else "".
std::string binding_note(const std::optional<Launch>& launch);

/// Connects this process with the other ranks of the launch. Nothing without a launch. Error(bad_config) in a build
/// without MPI, and where the library sees another number of ranks than the launcher started. `say` as start_mpi().
std::unique_ptr<Communicator> launched_ranks(const std::function<void(const std::string&)>& say);

}  // namespace moelm
