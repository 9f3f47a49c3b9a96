// What a network does between two ranks, as training uses it: "mpirun -n 2 ranks_probe" prints it as moe-train
// --network reads it. For bench/ranks_network; not installed.
#include "base/error.hpp"
#include "base/quantity.hpp"
#include "base/stopwatch.hpp"
#include "common/output.hpp"
#include "common/rank_guard.hpp"
#include "dist/orders.hpp"

namespace moelm {

namespace {

/// Seconds of one exchange of so many bytes in both directions, the mean over `times`.
double exchange_seconds(Communicator& ranks, std::size_t count, int times) {
  const Bytes out(count);
  Bytes in(count);
  const int other = 1 - ranks.rank();
  const Outgoing send{other, out};
  const Incoming receive{other, in};
  const auto once = [&] { ranks.exchange(Phase::tensor, std::span(&send, 1), std::span(&receive, 1)); };
  once();  // warms up
  Stopwatch watch;
  for (int i = 0; i < times; ++i) once();
  return watch.seconds() / times;
}

std::string probe(Communicator& ranks) {
  constexpr std::size_t kLarge = std::size_t{16} << 20;
  const double latency = exchange_seconds(ranks, 8, 2000);
  const double transfer = exchange_seconds(ranks, kLarge, 8) - latency;
  return format_printf("%.3fGb/s", static_cast<double>(kLarge) * 8 / transfer / 1e9) +
         format_printf(":%.1fus", latency * 1e6);
}

int lead(Communicator& ranks) {
  if (ranks.size() != 2)
    throw Error(Exit::usage, "ranks_probe: expected 2 ranks, found " + std::to_string(ranks.size()));
  print_line(probe(ranks));
  return 0;
}

int follow(Communicator& ranks) {
  if (ranks.size() == 2) probe(ranks);
  return exit_code_of(receive_order(ranks));
}

}  // namespace

}  // namespace moelm

int main() { return moelm::rank_guard(moelm::lead, moelm::follow); }
