#include "dist/launch.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "base/error.hpp"

namespace moelm {

namespace {

/// The positive number at the beginning of an environment variable, "3(x2),1" say, else nothing.
std::optional<int> number_of(const char* variable) {
  const char* text = std::getenv(variable);
  int number = 0;
  if (text == nullptr) return std::nullopt;
  const auto [end, fault] = std::from_chars(text, text + std::strlen(text), number);
  if (fault != std::errc() || number < 1) return std::nullopt;
  return number;
}

/// What makes n processes that do not know of each other know of each other.
std::string hint(const Launch& launch) {
  if (launch.launcher == "srun")
    return "; srun needs --mpi=pmix for Open MPI, --mpi=pmi2 for MPICH; env -u SLURM_STEP_NUM_TASKS starts programs "
           "that have nothing to do with each other";
  return "; " + launch.launcher + " must belong to the same MPI library as this program, " + mpi_library();
}

long processors_of_machine() { return sysconf(_SC_NPROCESSORS_ONLN); }

/// Those that this process may use.
long own_processors() {
  cpu_set_t own;
  CPU_ZERO(&own);
  return sched_getaffinity(0, sizeof own, &own) == 0 ? CPU_COUNT(&own) : processors_of_machine();
}

/// Whether the launcher bound this process to some of the machine's processors.
bool is_bound() { return own_processors() < processors_of_machine(); }

}  // namespace

std::optional<Launch> find_launch() {
  Launch launch;
  if (const auto ranks = number_of("OMPI_COMM_WORLD_SIZE"))
    launch = {"mpirun", *ranks, number_of("OMPI_COMM_WORLD_LOCAL_SIZE").value_or(1)};
  else if (const auto tasks = number_of("SLURM_STEP_NUM_TASKS"))
    launch = {"srun", *tasks, number_of("SLURM_STEP_TASKS_PER_NODE").value_or(1)};
  else if (const auto processes = number_of("PMI_SIZE"))
    launch = {"mpiexec", *processes, number_of("MPI_LOCALNRANKS").value_or(1)};
  if (launch.ranks <= 1) return std::nullopt;
  return launch;
}

ThreadChoice threads_of_rank(const ThreadChoice& all, const std::optional<Launch>& launch) {
  const bool of_machine = all.source == "physical cores" || all.source == "cgroup quota";
  if (!launch || launch->ranks_of_machine == 1 || !of_machine || is_bound()) return all;
  return {std::max(1, all.threads / launch->ranks_of_machine),
          all.source + ", shared by " + std::to_string(launch->ranks_of_machine) + " ranks"};
}

MemoryLimit memory_of_rank(const std::optional<Launch>& launch) {
  return memory_limit("", launch ? launch->ranks_of_machine : 1);
}

std::string binding_note(const std::optional<Launch>& launch) {
  const long part = processors_of_machine() / (launch ? launch->ranks_of_machine : 1);
  if (!launch || own_processors() >= part) return "";
  return launch->launcher + ": each rank may use " + std::to_string(own_processors()) + " of " +
         std::to_string(processors_of_machine()) + " processors; " +
         (launch->launcher == "srun" ? "--cpus-per-task=" + std::to_string(part) : std::string("--bind-to none")) +
         " gives it " + std::to_string(part);
}

std::unique_ptr<Communicator> launched_ranks(const std::function<void(const std::string&)>& say) {
  const std::optional<Launch> launch = find_launch();
  if (!launch) return nullptr;
  if (mpi_library().empty())
    throw Error(Exit::bad_config, launch->launcher + ": expected one process, found " + std::to_string(launch->ranks) +
                                      ": this build has no MPI; install libopenmpi-dev and build again, or start the "
                                      "program without " +
                                      launch->launcher);
  std::unique_ptr<Communicator> ranks = start_mpi(say);
  if (ranks->size() != launch->ranks)
    throw Error(Exit::bad_config, launch->launcher + ": expected " + std::to_string(launch->ranks) +
                                      " ranks that know of each other, found " + std::to_string(ranks->size()) +
                                      hint(*launch));
  return ranks;
}

}  // namespace moelm
