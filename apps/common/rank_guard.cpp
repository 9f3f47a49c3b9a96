#include "common/rank_guard.hpp"

#include <memory>
#include <new>
#include <string>

#include "base/error.hpp"
#include "base/stop_signal.hpp"
#include "base/version.hpp"
#include "common/main_guard.hpp"
#include "common/output.hpp"
#include "dist/collectives.hpp"
#include "dist/launch.hpp"
#include "dist/local_ranks.hpp"
#include "dist/orders.hpp"
#include "model_files/serve_model.hpp"
#include "ops/gemm.hpp"
#include "ops/kernels.hpp"

namespace moelm {

namespace {

std::string name_of(const Communicator& ranks) {
  return "rank " + std::to_string(ranks.rank()) + " (" + ranks.machine() + ")";
}

/// Error(bad_config) unless all ranks have the same build and kernels: they must compute the same bits.
void require_same_build(Communicator& ranks) {
  const std::string own = std::string(version()) + ", " + gemm_backend() + ", kernels " + kernels().name + ", " +
                          mpi_library() + "\n" + name_of(ranks);
  const std::vector<Bytes> all = all_gather(ranks, Phase::start, std::as_bytes(std::span(own)));
  for (const Bytes& bytes : all) {
    const std::string other(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const std::size_t end = other.find('\n'), own_end = own.find('\n');
    if (ranks.leads() && other.substr(0, end) != own.substr(0, own_end))
      throw Error(Exit::bad_config,
                  other.substr(end + 1) + ": expected the build of rank 0, " + own.substr(0, own_end) + ", found " +
                      other.substr(0, end) +
                      "; MOELM_MAX_ISA and ONEDNN_MAX_CPU_ISA make different processors compute alike");
  }
}

/// Puts rank and machine into the message of an error on a follower.
int follow_by_name(const std::function<int(Communicator&)>& follow, Communicator& ranks) {
  ranks.set_together(true);
  try {
    const int code = follow(ranks);
    ranks.set_together(false);
    return code;
  } catch (const Error& error) {
    throw Error(error.exit(), name_of(ranks) + ": " + error.what());
  } catch (const std::bad_alloc&) {
    throw Error(Exit::out_of_memory, name_of(ranks) + ": memory: the system gave no more");
  } catch (const std::exception& error) {
    throw Error(Exit::internal, name_of(ranks) + ": internal: " + error.what());
  }
}

/// Ends the ranks that are still running.
void end_others(Communicator& ranks, int code) {
  if (ranks.size() == 1) return;
  if (ranks.is_together()) ranks.end_all(code);
  if (ranks.leads()) end_followers(ranks, code);
}

}  // namespace

int follow_scorer(Communicator& ranks) {
  return follow_scoring(ranks, threads_of_rank(default_threads(), find_launch()).threads);
}

int rank_guard(const std::function<int(Communicator&)>& lead, const std::function<int(Communicator&)>& follow,
               ClosedPipe closed_pipe) {
  std::unique_ptr<Communicator> launched;
  const int code = main_guard(
      [&] {
        // Signals are handled before the library makes threads. Nothing has to be saved yet.
        if (find_launch()) StopSignal::of_process(StopSignal::First::immediate);
        launched = launched_ranks([](const std::string& line) { say_line("error: " + line); });
        Communicator& ranks = launched ? *launched : alone();
        if (ranks.size() > 1) require_same_build(ranks);
        return ranks.leads() ? lead(ranks) : follow_by_name(follow, ranks);
      },
      closed_pipe);
  if (launched) end_others(*launched, code);
  return code;
}

}  // namespace moelm
