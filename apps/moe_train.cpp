// moe-train: from a data folder to a trained model.
#include <unistd.h>

#include "common/output.hpp"
#include "common/rank_guard.hpp"
#include "dist/launch.hpp"
#include "moe_train/listings.hpp"
#include "moe_train/ranks.hpp"
#include "moe_train/resolve.hpp"
#include "moe_train/run_training.hpp"
#include "moe_train/size_report.hpp"
#include "moe_train/train_options.hpp"
#include "terminal/terminal.hpp"

namespace {

using namespace moelm;

int run(int argc, char** argv, Communicator& ranks) {
  TrainOptions options;
  TrainCommand line(options);
  if (const auto code = line.parse(argc, argv)) return *code;
  const bool json = line.command().json();
  if (options.list_presets) {
    json ? print_json(presets_json()) : print_text(presets_table(terminal_columns(STDOUT_FILENO)));
    return 0;
  }
  if (options.list_keys) {
    json ? print_json(keys_json()) : print_text(keys_table(terminal_columns(STDOUT_FILENO)));
    return 0;
  }
  // Signals are handled from here on, before any other thread starts. They end the process at once until there is
  // something to save.
  StopSignal* const stop = options.prints_only() ? nullptr : &StopSignal::of_process(StopSignal::First::immediate);
  const ThreadChoice threads = threads_of_rank(line.command().threads(), find_launch());
  const ResolvedRun resolved =
      resolve_run(options, threads.threads, options.ranks ? static_cast<int>(*options.ranks) : ranks.size());
  if (options.print_config) {
    print_json(printed_config(resolved));
    return 0;
  }
  SizeReport report =
      size_report(resolved.config, resolved.base, resolved.vocabulary, resolved.training_tokens,
                  resolved.batches_per_pass, threads, options.ranks ? static_cast<int>(*options.ranks) : ranks.size());
  // A run that exists has read some of its tokens before.
  const bool begins = resolved.before.empty();
  if (options.max_seconds) report.limit_time({*options.max_seconds, begins ? resolved.tokens_in_time.value_or(0) : 0});
  if (options.dry_run) {
    if (options.ranks)
      report.plan_ranks(
          static_cast<int>(*options.ranks), options.network,
          rates_of(products_of(report.config.train), threads.threads, options.node_gflops, options.memory_rate));
    json ? print_json(size_json(report)) : print_text(size_table(report));
    return 0;
  }
  return run_training(options, line.command(), resolved, report, *stop, ranks);
}

}  // namespace

int main(int argc, char** argv) {
  return moelm::rank_guard([&](moelm::Communicator& ranks) { return run(argc, argv, ranks); }, moelm::follow_leader,
                           moelm::ClosedPipe::is_ignored);
}
