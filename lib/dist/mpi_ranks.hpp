// Ranks that are processes under MPI. Two sources implement it: mpi_ranks.cpp, the only file that includes mpi.h, and
// no_mpi.cpp in builds without MPI.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "dist/communicator.hpp"

namespace moelm {

/// The library and its version, or empty.
std::string mpi_library();

/// Starts MPI in this process, once. REQUIRES a library. `say` gets the line of a rank that ends because others are
/// silent.
std::unique_ptr<Communicator> start_mpi(const std::function<void(const std::string&)>& say);

}  // namespace moelm
