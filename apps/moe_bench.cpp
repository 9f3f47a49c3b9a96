// moe-bench: the ceilings of this machine, and how near the parts of a training step come to them.
#include <fnmatch.h>

#include "base/machine.hpp"
#include "base/quantity.hpp"
#include "base/version.hpp"
#include "bench/bench_json.hpp"
#include "bench/cases.hpp"
#include "bench/growth_plot.hpp"
#include "bench/report/tables.hpp"
#include "bench/run_bench.hpp"
#include "common/command.hpp"
#include "common/main_guard.hpp"
#include "common/output.hpp"
#include "data/path_kind.hpp"
#include "io/output_file.hpp"
#include "model_files/model_store.hpp"
#include "moe_bench_ranks.hpp"
#include "ops/gemm.hpp"
#include "ops/kernels.hpp"
#include "run/run_data.hpp"

namespace moelm {
namespace {

struct Options {
  std::optional<std::string> pattern, run, data, plot;
  std::optional<DataType> dtype;
  bool standard = false, list = false, force = false;
  RankOptions ranks;
};

void declare(Command& command, Options& o) {
  command.flag("--standard", o.standard, "the standard set, a few minutes on two cores");
  command.option("--case", "PATTERN", o.pattern, "cases whose name contains PATTERN (* and ? are wild cards)");
  command.option("--run", "RUN", o.run,
                 "a training step and an evaluation of a trained model on its own tokens; writes nothing");
  command.option("--data", "DIR", o.data,
                 "data folder for --run, made with the run's tokenizer; default: the run's own");
  command.choice("--dtype", o.dtype,
                 "type that matrix products read; default: both, one after the other, with --ranks f32");
  command.option("--plot", "FILE", o.plot,
                 "write an SVG plot of step time by number of experts, beside the roofline; with --ranks, of the share "
                 "of work");
  command.flag("--force", o.force, "let --plot replace a file that moe-bench did not write");
  command.flag("--list", o.list, "print the names of all cases and measure nothing");
  command.exclude("--standard", "--case");
  command.exclude("--run", "--case");
  command.exclude("--run", "--standard");
  command.exclude("--run", "--plot");
  command.exclude("--list", "--json");
  declare_ranks(command, o.ranks);
  command.json_flag("one JSON object on stdout");
  command.example("--standard", "every part of training, relative to the ceilings of the machine");
  command.example("--case train-moe-32 --dtype bf16", "one whole training step, and the ceilings");
  command.example("--case '*' --json > bench.json",
                  "everything that --list does not mark \"only by its full name\", for a script");
  command.example("--case growth --dtype bf16 --plot growth.svg", "the cost of more experts, 4 to 4,096");
  command.example("--run run/", "the speed of your own model on your own text");
  command.offer("--case", [] {
    std::vector<std::string> names;
    for (const BenchCase& c : all_cases()) names.push_back(c.name);
    return names;
  });
  command.exit_code(Exit::bad_data, "--run: the run or its data are damaged");
  command.exit_code(Exit::missing_input, "--run: the run, its checkpoint or its data are missing");
  command.exit_code(Exit::out_of_memory, "out of memory, also for a case given by its full name");
  command.exit_code(Exit::cannot_create, "--plot: the file cannot be created, or would replace another file");
  command.exit_code(Exit::bad_config, "--run: model and data do not fit together");
}

bool chosen(const BenchCase& c, const Options& o) {
  if (o.run) return false;
  if (!o.pattern) return c.choice == BenchChoice::standard;
  if (c.choice == BenchChoice::by_name) return *o.pattern == c.name;
  return fnmatch(("*" + *o.pattern + "*").c_str(), c.name.c_str(), 0) == 0;
}

/// Whether the ceilings need a case: the standard products, which are always measured.
bool makes_ceiling(const BenchCase& c) { return c.part == "products" && c.choice == BenchChoice::standard; }

void print_list() {
  std::string part;
  for (const BenchCase& c : all_cases()) {
    if (c.part != part) print_line(c.part);
    part = c.part;
    std::string line = "  " + c.name;
    if (c.choice == BenchChoice::standard) line += "  standard";
    if (c.choice == BenchChoice::by_name) line += "  only by its full name";
    if (c.memory > 0) line += "  " + format_bytes(c.memory);
    print_line(line);
  }
}

class Bench {
 public:
  Bench(const Command& command, const Options& o)
      : command_(command),
        o_(o),
        threads_(command.threads()),
        f32_(threads_.threads),
        bf16_(threads_.threads, DataType::bf16) {}

  int run() {
    note("moelm " + std::string(version()) + ", " + format_counted(threads_.threads, "thread") + " (" +
         threads_.source + "), " + gemm_backend() + (native_bf16() ? "" : ", bf16 emulated") + ", kernels " +
         kernels().name);
    // Refuses a path that cannot be written before the work.
    std::optional<OutputFile> plot;
    if (o_.plot) plot.emplace(*o_.plot, kGrowthPlotKind, o_.force);
    if (o_.run) load();
    const std::vector<BenchCase> cases = choose();
    Ceilings ceilings = measure_ceilings(f32_);
    for (const BenchCase& c : cases) run_in_types(c);
    if (o_.run) run_trained();
    ceilings.gemm_f32_gflops = best_gflops(products_, DataType::f32);
    ceilings.gemm_bf16_gflops = best_gflops(products_, DataType::bf16);
    if (command_.json())
      print_json(bench_json(ceilings, results_, threads_.threads));
    else
      print_text(bench_tables(ceilings, results_));
    if (plot) {
      plot->write(growth_plot(ceilings, results_));
      plot->finish();
    }
    return 0;
  }

 private:
  void note(const std::string& text) const {
    if (!command_.quiet()) say_line(text);
  }

  /// The cases that were asked for and fit, and those that the ceilings need.
  std::vector<BenchCase> choose() const {
    std::vector<BenchCase> cases;
    bool found = o_.run.has_value();
    int plotted = 0;
    for (const BenchCase& c : all_cases()) {
      const bool wanted = chosen(c, o_);
      found = found || wanted;
      if (!(wanted || makes_ceiling(c)) || !fits(c)) continue;
      cases.push_back(c);
      plotted += wanted && c.part == kGrowthPart;
    }
    if (o_.plot && plotted < 2)
      throw Error(Exit::usage, "--plot: expected two or more cases whose names begin with growth, found " +
                                   std::to_string(plotted) + "; try --case growth");
    if (!found)
      throw Error(Exit::usage,
                  "--case " + *o_.pattern + ": expected a pattern that a name has, found none; see --list");
    return cases;
  }

  void run_in_types(const BenchCase& c) {
    for (Context* context : {&f32_, &bf16_}) {
      if (c.single_type && context != &f32_) continue;
      // Both ceilings are measured whatever type was asked for.
      const bool shown = chosen(c, o_) && (c.single_type || asked_for(*context));
      if (shown || makes_ceiling(c)) run_case(c, *context, shown);
    }
  }

  bool asked_for(const Context& context) const { return !o_.dtype || *o_.dtype == context.products(); }

  void run_case(const BenchCase& c, Context& context, bool shown) {
    if (shown) note(c.name + ", " + data_type_name(context.products()) + " ...");
    BenchResult result = c.run(context);
    if (c.part == "products") products_.push_back(result);
    if (shown) results_.push_back(std::move(result));
  }

  bool fits(const BenchCase& c) const {
    const MemoryLimit limit = memory_limit();
    if (c.memory <= limit.bytes) return true;
    const std::string text = c.name + ": expected at most " + format_bytes(limit.bytes) + " (" + limit.source +
                             "), found " + format_bytes(c.memory);
    if (o_.pattern == c.name) throw Error(Exit::out_of_memory, text);
    note(text + "; left out");
    return false;
  }

  void load() {
    model_ = load_model(*o_.run);
    data_ = open_run_data(*o_.run, model_->run, o_.data, DataMatch::same_tokens);
    for (const std::string& warning : model_->warnings) note("warning: " + warning);
  }

  void run_trained() {
    for (Context* context : {&f32_, &bf16_}) {
      if (!asked_for(*context)) continue;
      if (!model_) load();  // a measurement takes the weights
      note(model_->checkpoint + ", " + data_type_name(context->products()) + " ...");
      for (BenchResult& result : bench_run(*context, {}, std::move(*model_), *data_))
        results_.push_back(std::move(result));
      model_.reset();
    }
  }

  const Command& command_;
  const Options& o_;
  ThreadChoice threads_;
  Context f32_, bf16_;
  std::optional<LoadedModel> model_;
  std::optional<Dataset> data_;
  std::vector<BenchResult> products_, results_;
};

int run(int argc, char** argv) {
  Command command("moe-bench", "Measures this machine's ceilings and how near the parts of training come to them.",
                  "(--standard | --case PATTERN | --run RUN | --ranks LIST) [options]");
  Options o;
  declare(command, o);
  if (const auto exit = command.parse(argc, argv)) return *exit;
  if (o.data && !o.run) throw Error(Exit::usage, "--data: expected together with --run, found alone");
  if (o.run) require_run_path(*o.run, "moe-bench");
  require_ranks(command, o.ranks);
  if (o.ranks.active()) return run_ranks(command, o.ranks, o.dtype, o.plot, o.force);
  if (o.list) {
    print_list();
    return 0;
  }
  if (!o.standard && !o.pattern && !o.run)
    throw Error(Exit::usage,
                "expected one of --standard, --case, --run, --ranks and --list, found none; see moe-bench --help");
  return Bench(command, o).run();
}

}  // namespace
}  // namespace moelm

int main(int argc, char** argv) {
  return moelm::main_guard([&] { return moelm::run(argc, argv); });
}
