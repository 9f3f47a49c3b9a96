#include "common/rank_guard.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <new>
#include <sstream>
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
#include "io/checksum.hpp"
#include "io/file.hpp"
#include "model_files/serve_model.hpp"
#include "ops/gemm.hpp"
#include "ops/kernels.hpp"

namespace moelm {

namespace {

std::string name_of(const Communicator& ranks) {
  return "rank " + std::to_string(ranks.rank()) + " (" + ranks.machine() + ")";
}

/// What all ranks must have alike to compute the same bits for the same task.
struct RankBuild {
  std::string kernels;    ///< version, libraries and instruction set
  std::string program;    ///< SHA-256 of the program; "" where the system does not tell
  std::string arguments;  ///< SHA-256 of the command line, without the program's name

  bool operator==(const RankBuild&) const = default;
};

RankBuild own_build() {
  RankBuild own{std::string(version()) + ", " + gemm_backend() + ", kernels " + kernels().name + ", " + mpi_library(),
                "", ""};
  if (!path_exists("/proc/self/exe")) return own;
  const File program = File::open_read("/proc/self/exe", Links::follow);
  own.program = sha256_of_file(program, program.size());
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  const std::string line{std::istreambuf_iterator<char>(file), {}};
  own.arguments = sha256_hex(std::string_view(line).substr(std::min(line.find('\0'), line.size())));
  return own;
}

/// Error(bad_config) unless all ranks have the same program, kernels and arguments.
void require_same_build(Communicator& ranks) {
  const RankBuild own = own_build();
  const std::string text =
      own.kernels + "\n" + own.program + "\n" + own.arguments + "\n" + name_of(ranks);  // no line end is in them
  for (const Bytes& bytes : all_gather(ranks, Phase::start, std::as_bytes(std::span(text)))) {
    std::istringstream lines(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
    RankBuild other;
    std::string name;
    for (std::string* field : {&other.kernels, &other.program, &other.arguments, &name}) std::getline(lines, *field);
    if (!ranks.leads() || other == own) continue;
    if (other.kernels != own.kernels)
      throw Error(Exit::bad_config,
                  name + ": expected the build of rank 0, " + own.kernels + ", found " + other.kernels +
                      "; MOELM_MAX_ISA and ONEDNN_MAX_CPU_ISA make different processors compute alike");
    throw Error(Exit::bad_config, name + ": expected the " + (other.program != own.program ? "program" : "arguments") +
                                      " of rank 0, found others; all ranks are started by one command");
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
