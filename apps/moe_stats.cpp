// moe-stats: who the experts of a trained model are and how a text uses them.
#include <unistd.h>

#include "base/escape.hpp"
#include "base/quantity.hpp"
#include "base/stopwatch.hpp"
#include "common/command.hpp"
#include "common/output.hpp"
#include "common/rank_guard.hpp"
#include "common/scoring_options.hpp"
#include "data/path_kind.hpp"
#include "dist/launch.hpp"
#include "io/file.hpp"
#include "io/file_names.hpp"
#include "report/html_report.hpp"
#include "report/json_report.hpp"
#include "report/sentence_report.hpp"
#include "report/text_report.hpp"
#include "statistics/model_statistics.hpp"
#include "statistics/routes_writer.hpp"
#include "terminal/console.hpp"
#include "terminal/terminal.hpp"

namespace moelm {
namespace {

struct Options {
  std::vector<std::string> inputs;  // run, then texts
  std::optional<std::string> data, html, classes, routes, sentence;
  std::optional<Split> split;
  bool force = false;

  std::vector<std::string> texts() const { return {inputs.begin() + 1, inputs.end()}; }
};

void declare(Command& command, Options& o) {
  command.positional("RUN [TEXT ...]", o.inputs, 1, 100'000,
                     "a run or checkpoint folder; then texts (plain or compressed, - for standard input) to read "
                     "instead of the run's own data");
  command.option(
      "--sentence", "TEXT", o.sentence,
      "read TEXT itself and show the experts of each of its tokens, in colors on a terminal (NO_COLOR: none)");
  command.option("--data", "DIR", o.data, "data folder to read from; default: the run's own");
  declare_split(command, o.split);
  command.option("--html", "FILE", o.html, "write the report as a page (- for standard output)");
  command.option(
      "--classes", "FILE", o.classes,
      "one label for each line of the text; default: the input file, if there are 2 to 1,000 files, else what "
      "tokens look like (numbers, punctuation, capitals, frequency)");
  command.option("--routes", "FILE", o.routes,
                 "write every routing decision, tab-separated under a header: token_index, line, token (the one read), "
                 "layer, expert_1 ... as expert:gate (- for standard output); "
                 "pandas.read_table(FILE, keep_default_na=False)");
  command.flag("--force", o.force, "let --html and --routes replace a file that moe-stats did not write");
  command.json_flag("the report as one JSON object on stdout");
  command.example("run/", "the experts on the test split of the run's data");
  command.example("run/ --html report.html", "also as a page with charts and contexts");
  command.example("run/ --sentence 'In the beginning God created' --html sentence.html",
                  "who works on each word of a sentence");
  command.example("run/ law.txt sea.txt", "which experts serve which of two texts");
  command.example("run/ --data data/ --split valid --routes routes.tsv --json > stats.json", "everything, for scripts");
  command.exit_code(Exit::bad_data, "an input is damaged, empty or of the wrong kind");
  command.exit_code(Exit::missing_input, "an input is missing");
  command.exit_code(Exit::cannot_create, "an output cannot be created, or would replace a file of another kind");
  command.exit_code(Exit::diverged, "the model has diverged: its perplexity is not finite");
  command.exit_code(Exit::bad_config, "model and data do not fit together");
}

void check_usage(const Command& command, const Options& o) {
  if (o.inputs.size() > 1 && (o.data || o.split))
    throw Error(Exit::usage, o.inputs[1] + ": expected either texts or --data and --split, found both");
  if (o.sentence && (o.inputs.size() > 1 || o.data || o.split || o.classes))
    throw Error(Exit::usage, "--sentence: expected it alone, found also a text, --data, --split or --classes");
  require_one_standard_use({{"--json", command.json()}, {"--html -", o.html == "-"}, {"--routes -", o.routes == "-"}});
  int readers = o.classes == "-" ? 1 : 0;
  for (const std::string& text : o.texts()) readers += text == "-" ? 1 : 0;
  if (readers > 1) throw Error(Exit::usage, "standard input: expected one use, found " + std::to_string(readers));
}

StatisticsReport measure(Context& context, const Command& command, const Options& o, const LoadedModel& model,
                         Output& routes) {
  Console console(console_style(STDERR_FILENO, command.quiet()), console_writer());
  Stopwatch watch;
  StatisticsHooks hooks;
  if (!command.quiet()) hooks.note = [](const std::string& note) { say_line("warning: " + note); };
  if (routes.wanted()) hooks.routes = [&routes](std::string_view lines) { routes.write(lines); };
  hooks.progress = [&](Index done, Index total) {
    const double elapsed = watch.seconds(), speed = static_cast<double>(done) / std::max(elapsed, 1e-9);
    console.update(format_count(done) + " of " + format_counted(total, "token") + "  " +
                       format_count(static_cast<Index>(speed)) + " tok/s  ETA " +
                       format_duration(static_cast<double>(total - done) / speed),
                   elapsed);
  };
  try {
    const StatisticsRequest request{o.texts(), o.sentence, o.data, o.split.value_or(Split::test), o.classes};
    return model_statistics(context, model, request, hooks);
  } catch (const Error& error) {
    // The decisions of a model that diverged may show why.
    if (error.exit() == Exit::diverged) routes.finish();
    throw;
  }
}

void print(const Command& command, const Options& o, const StatisticsReport& report) {
  if (command.json()) {
    print_json(json_report(report));
  } else if (o.html != "-" && o.routes != "-") {
    const Index columns = terminal_columns(STDOUT_FILENO);
    if (!report.sentence.empty()) print_colored(colored_sentence(report, columns));
    print_text(text_report(report, columns));
    if (o.html) print_text("\npage: " + escape_terminal(*o.html) + "\n");
  }
}

int run(int argc, char** argv, Communicator& ranks) {
  Command command("moe-stats",
                  "Shows what each expert of a trained model reads in a text, and how evenly the experts are used.",
                  "RUN [TEXT ...] [--sentence TEXT] [--data DIR [--split test]] [--html FILE] [--classes FILE] "
                  "[--routes FILE] [options]");
  Options o;
  declare(command, o);
  if (const auto exit = command.parse(argc, argv)) return *exit;
  check_usage(command, o);
  require_run_path(o.inputs[0], "moe-stats", true);
  for (const std::string& text : o.texts()) require_text_path(text, "moe-stats");
  Output html(o.html, kPageKind, o.force), routes(o.routes, kRoutesKind, o.force);

  Context context(threads_of_rank(command.threads(), find_launch()).threads);
  const LoadedModel model = load_model(o.inputs[0], ranks, context.products(), threads_given(command));
  if (!command.quiet())
    for (const std::string& warning : model.warnings) say_line("warning: " + warning);
  const StatisticsReport report = measure(context, command, o, model, routes);
  routes.finish();
  if (html.wanted()) {
    html.write(html_report(report, read_training_curves(join_path(model.folder, kMetricsFile))));
    html.finish();
  }
  print(command, o, report);
  return 0;
}

}  // namespace
}  // namespace moelm

int main(int argc, char** argv) {
  return moelm::rank_guard([&](moelm::Communicator& ranks) { return moelm::run(argc, argv, ranks); },
                           moelm::follow_scorer);
}
