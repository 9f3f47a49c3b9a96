// A program whose processes may be ranks: one leads and behaves as ever, the others follow and end with its exit code.
#pragma once

#include <functional>

#include "common/command.hpp"
#include "common/process_setup.hpp"
#include "dist/communicator.hpp"

namespace moelm {

/// Runs `lead` in a process that leads or is alone, `follow` in the others, which return when the leader ends them, and
/// returns the exit code of the program. The leader's code is that of all ranks where they can agree on it. A rank that
/// fails in the middle of something that they do together ends all of them with its own code. Errors of followers name
/// rank and machine. Error(bad_config) as launched_ranks(), and where the ranks are of different builds.
int rank_guard(const std::function<int(Communicator&)>& lead, const std::function<int(Communicator&)>& follow,
               ClosedPipe closed_pipe = ClosedPipe::ends_program);

/// The number of --threads, for all ranks; 0: not given, each has its own.
inline int threads_given(const Command& command) { return command.given("--threads") ? command.threads().threads : 0; }

/// The follower of programs that score.
int follow_scorer(Communicator& ranks);

}  // namespace moelm
