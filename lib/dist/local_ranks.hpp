// Ranks that are threads of one process: for tests, and for one rank that has several lanes.
#pragma once

#include <functional>

#include "dist/communicator.hpp"

namespace moelm {

/// The communicator of a single rank. Thread-safe.
Communicator& alone();

/// Runs `work` once on each of `ranks` threads, each with its own communicator, and waits for all. If one of them
/// throws, the exchanges of the others throw as well, and the exception that came first is thrown here.
void run_local_ranks(int ranks, const std::function<void(Communicator&)>& work);

}  // namespace moelm
