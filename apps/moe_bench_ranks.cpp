#include "moe_bench_ranks.hpp"

#include <algorithm>

#include "base/machine.hpp"
#include "base/quantity.hpp"
#include "bench/ranks/rank_report.hpp"
#include "common/output.hpp"
#include "options/config_json.hpp"
#include "options/presets.hpp"

namespace moelm {

namespace {

constexpr Index kMostRanks = 65536, kMostWidth = 1 << 20;

/// With --hidden and without --network: from the slowest that connects machines to a fast one.
const std::vector<std::string> kNetworks = {"1Gb/s:25us", "10Gb/s:25us", "25Gb/s:10us:2us", "100Gb/s:4us:1.5us"};

RankRequest request_of(const Command& command, const RankOptions& o, std::optional<DataType> products) {
  RankRequest request;
  ConfigDraft draft;
  request.model = o.preset.value_or("moe-256");
  apply_document(find_preset(request.model).document, "preset " + request.model, draft);
  apply_assignments(o.assignments, "--set", draft);
  validate(draft.config);
  request.config = draft.config;
  if (products) request.config.train.dtype = *products == DataType::bf16 ? TrainType::bf16 : TrainType::f32;
  request.ranks = parse_sizes(*o.ranks, "--ranks", kMostRanks);
  if (o.hidden) request.widths = parse_sizes(*o.hidden, "--hidden", kMostWidth);
  std::vector<std::string> networks = o.networks;
  if (networks.empty()) networks = o.hidden ? kNetworks : std::vector<std::string>{"10Gb/s:25us"};
  for (const std::string& network : networks) request.networks.push_back(parse_network(network, "--network"));
  request.rows = o.rows.value_or(request.rows);
  request.vocabulary = o.vocabulary.value_or(request.vocabulary);
  const ThreadChoice threads = command.threads();
  request.machine = rates_of(request.products(), threads.threads, o.node_gflops, o.memory_rate);
  request.machine_source =
      o.node_gflops && o.memory_rate
          ? "given"
          : std::string(o.node_gflops || o.memory_rate ? "what is not given measured" : "measured") + " here, " +
                data_type_name(request.products()) + ", " + format_counted(threads.threads, "thread");
  request.unevenness = {o.load_cv.value_or(request.unevenness.load_cv), o.jitter.value_or(0),
                        o.oversubscription.value_or(1)};
  request.drawing.seed = static_cast<std::uint64_t>(o.seed.value_or(1));
  request.overlapped = !o.no_overlap;
  return request;
}

}  // namespace

void declare_ranks(Command& command, RankOptions& o) {
  command.option("--ranks", "LIST", o.ranks,
                 "predict a training step over so many ranks and measure nothing but this machine's rates: 2,4,16, or "
                 "2..1000, which doubles");
  command.repeated("--network", "RATE:LATENCY", o.networks,
                   "with --ranks: the network between them, and after another colon what a message costs its sender, "
                   "by default 5us; may be repeated; default: 10Gb/s:25us");
  command.option("--preset", "NAME", o.preset, "with --ranks: the model; default: moe-256");
  command.repeated("--set", "KEY=VALUE", o.assignments, "with --ranks: change the model, as in moe-train");
  command.option("--rows", "N", o.rows, 1, "with --ranks: predicted tokens of a rank in a step; default: 1,280");
  command.option("--vocab-size", "N", o.vocabulary, 2, "with --ranks: the vocabulary; default: 10,000");
  command.option("--hidden", "LIST", o.hidden,
                 "with --ranks: the share of work on the most of the ranks, by the hidden width of the experts");
  command.option("--node-gflops", "GFLOPS", o.node_gflops, 1e-3,
                 "with --ranks: GFLOP/s that the products of a step reach on a rank; default: measured here");
  command.option("--memory-rate", "GB/S", o.memory_rate, 1e-3,
                 "with --ranks: GB/s of a rank's memory; default: measured here");
  command.option("--oversubscription", "X", o.oversubscription, 1,
                 "with --ranks: how much wider all links are together than the core of the network; default: 1");
  command.option("--jitter", "SHARE", o.jitter, 0,
                 "with --ranks: standard deviation of the ranks' speeds in a step; default: 0");
  command.option(
      "--load-cv", "CV", o.load_cv, 0,
      "with --ranks: coefficient of variation of the experts' loads, cv_load in metrics.jsonl and moe-stats; "
      "default: 0.1");
  command.option("--seed", "N", o.seed, 0, "with --ranks: of loads and jitter; default: 1");
  command.flag("--no-overlap", o.no_overlap, "with --ranks: no sums of gradients travel beside work");
  for (const char* other : {"--standard", "--case", "--run", "--list"}) command.exclude("--ranks", other);
  command.offer("--preset", [] {
    std::vector<std::string> names;
    for (const Preset& preset : presets()) names.push_back(preset.name);
    return names;
  });
  command.example("--ranks 2..1000 --network 10Gb/s:25us", "what many machines would bring, and what limits them");
  command.example("--ranks 16 --hidden 256..16384 --plot scale.svg", "how wide experts must be for a network");
}

void require_ranks(const Command& command, const RankOptions& o) {
  if (o.active()) return;
  for (const char* name : {"--network", "--preset", "--set", "--rows", "--vocab-size", "--hidden", "--node-gflops",
                           "--memory-rate", "--oversubscription", "--jitter", "--load-cv", "--seed", "--no-overlap"})
    if (command.given(name))
      throw Error(Exit::usage, std::string(name) + ": expected together with --ranks, found alone");
}

int run_ranks(const Command& command, const RankOptions& o, std::optional<DataType> products,
              const std::optional<std::string>& plot, bool force) {
  // Refuses a path that cannot be written before the work.
  std::optional<OutputFile> file;
  if (plot) file.emplace(*plot, kRankPlotKind, force);
  const RankRequest request = request_of(command, o, products);
  const RankReport report(request);
  command.json() ? print_json(report.json()) : print_text(report.text());
  if (file) {
    file->write(report.plot());
    file->finish();
  }
  return 0;
}

}  // namespace moelm
