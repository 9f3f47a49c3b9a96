// A build without MPI.
#include <stdexcept>

#include "dist/mpi_ranks.hpp"

namespace moelm {

std::string mpi_library() { return {}; }

std::unique_ptr<Communicator> start_mpi(const std::function<void(const std::string&)>&) {
  throw std::logic_error("this build has no MPI");
}

}  // namespace moelm
