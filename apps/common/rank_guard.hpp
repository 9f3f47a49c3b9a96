// Runs a program as a rank, if a launcher started it. The leader (rank 0) behaves as a single process does. The
// followers serve it and end with its exit code.
#pragma once

#include <functional>

#include "common/command.hpp"
#include "common/process_setup.hpp"
#include "dist/communicator.hpp"

namespace moelm {

/// Runs `lead` on rank 0 or in a single process, and `follow` on every other rank until the leader ends it. Returns the
/// exit code of the program. Between steps that is the leader's code on all ranks. A rank that fails within a common
/// operation ends all ranks with its own code. Error messages of followers name rank and machine. Error(bad_config) as
/// launched_ranks(), and if the ranks are different builds.
int rank_guard(const std::function<int(Communicator&)>& lead, const std::function<int(Communicator&)>& follow,
               ClosedPipe closed_pipe = ClosedPipe::ends_program);

/// The number given with --threads, for all ranks; 0: not given, so each rank chooses its own.
inline int threads_given(const Command& command) { return command.given("--threads") ? command.threads().threads : 0; }

/// The follower of programs that score.
int follow_scorer(Communicator& ranks);

}  // namespace moelm
