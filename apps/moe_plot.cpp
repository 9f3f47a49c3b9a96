// moe-plot: the training of one or several runs as a picture, a table, or numbers.
#include <unistd.h>

#include "base/escape.hpp"
#include "common/command.hpp"
#include "common/main_guard.hpp"
#include "common/output.hpp"
#include "data/path_kind.hpp"
#include "plot/metrics_csv.hpp"
#include "plot/run_plot.hpp"
#include "plot/run_summary.hpp"
#include "terminal/terminal.hpp"

namespace moelm {
namespace {

constexpr double kDefaultScale = 2, kMaxScale = 20;

struct Options {
  std::vector<std::string> runs, show;
  std::optional<std::string> svg, png, csv;
  std::optional<CurveAxis> axis;
  std::optional<double> scale;
  bool force = false;

  bool to_stdout() const { return svg == "-" || png == "-" || csv == "-"; }
};

void declare(Command& command, Options& o) {
  command.positional("RUN ...", o.runs, 1, 1000, "run folders, finished or in training");
  command.option("--svg", "FILE", o.svg, "write the picture as SVG (- for standard output)");
  command.option("--png", "FILE", o.png, "write the picture as PNG (- for standard output)");
  command.option("--csv", "FILE", o.csv,
                 "write all lines of metrics.jsonl as one table: run, step, split, tokens, time, then every number "
                 "(- for standard output)");
  command.list("--show", "WHAT", o.show,
               "panels of the picture, from top to bottom: perplexity, learning-rate, speed, cv-importance, cv-load, "
               "max-load, dead, experts (use of each expert in each validation); default: perplexity");
  command.choice("--axis", o.axis, "what the curves run over: step or tokens; default: step");
  command.option("--scale", "S", o.scale, 0.1, "pixels of the PNG for each unit of the SVG, at most 20; default: 2");
  command.flag("--force", o.force, "let --svg, --png and --csv replace a file that moe-plot did not write");
  command.json_flag("numbers of all runs as one JSON object on stdout");
  command.hint({"out", "output", "o", "html", "pdf"}, "--svg, --png or --csv");
  command.example("run/", "how far the run came, and what became of its experts");
  command.example("small/ large/ --png both.png", "the curves of two runs in one picture");
  command.example("run/ --show perplexity cv-load experts --svg run.svg",
                  "who moved and who died while it was trained");
  command.example("runs/* --csv metrics.csv", "all metrics for a spreadsheet or pandas");
  command.exit_code(Exit::bad_data, "a log is damaged or has nothing to show");
  command.exit_code(Exit::missing_input, "a run or its metrics.jsonl is missing");
  command.exit_code(Exit::cannot_create, "an output cannot be created, or would replace a file of another kind");
}

std::vector<PlotKind> kinds_of(const Options& o) {
  std::vector<PlotKind> kinds;
  for (const std::string& name : o.show) {
    const std::optional<PlotKind> kind = parse_enum<PlotKind>(name);
    if (!kind)
      throw Error(Exit::usage,
                  "--show: expected one of " + alternatives(enum_spellings<PlotKind>()) + ", found " + excerpt(name));
    kinds.push_back(*kind);
  }
  if (kinds.empty()) kinds.push_back(PlotKind::perplexity);
  return kinds;
}

void check_usage(const Command& command, const Options& o) {
  require_one_standard_use(
      {{"--json", command.json()}, {"--svg -", o.svg == "-"}, {"--png -", o.png == "-"}, {"--csv -", o.csv == "-"}});
  if (!o.show.empty() && !o.svg && !o.png) throw Error(Exit::usage, "--show: expected --svg or --png with it");
  if (o.scale && !o.png) throw Error(Exit::usage, "--scale: expected --png with it");
  if (o.scale.value_or(1) > kMaxScale)
    throw Error(Exit::usage, "--scale: expected at most 20, found " + std::to_string(*o.scale));
  if (o.png == "-" && isatty(STDOUT_FILENO) == 1)
    throw Error(Exit::usage, "--png -: expected a file or a pipe, found a terminal");
}

/// A file, or the bytes themselves on standard output.
void write_result(const std::optional<std::string>& path, const OutputKind& kind, bool force, std::string_view bytes) {
  if (!path) return;
  if (*path == "-") return print_bytes(bytes);
  OutputFile file(*path, kind, force);
  file.write(bytes);
  file.finish();
}

void write_pictures(const Options& o, const std::vector<RunCurves>& runs, const std::vector<PlotKind>& kinds) {
  if (!o.svg && !o.png) return;
  const Picture picture = plot_runs(runs, {kinds, o.axis.value_or(CurveAxis::step)});
  if (o.svg) write_result(o.svg, kSvgKind, o.force, svg_file(picture));
  if (o.png) write_result(o.png, kPngKind, o.force, png_file(picture, o.scale.value_or(kDefaultScale)));
}

void write_table(const Options& o, const std::vector<RunCurves>& runs) {
  if (!o.csv) return;
  if (*o.csv == "-") return write_metrics_csv(runs, [](std::string_view text) { print_bytes(text); });
  OutputFile file(*o.csv, kCsvKind, o.force);
  write_metrics_csv(runs, [&file](std::string_view text) { file.write(text); });
  file.finish();
}

int run(int argc, char** argv) {
  Command command("moe-plot", "Shows the training of one or several runs: a picture, a table, or numbers.",
                  "RUN ... [--svg FILE] [--png FILE] [--show WHAT ...] [--csv FILE] [options]");
  Options o;
  declare(command, o);
  if (const auto exit = command.parse(argc, argv)) return *exit;
  const std::vector<PlotKind> kinds = kinds_of(o);
  check_usage(command, o);
  for (const std::string& path : o.runs) {
    require_run_path(path, "moe-plot");
    if (path_kind(path) == PathKind::checkpoint)
      throw Error(Exit::missing_input, path + ": expected a run, found a checkpoint; give the run that it belongs to");
  }
  const std::vector<RunCurves> runs = read_runs(o.runs, o.axis.value_or(CurveAxis::step));
  write_pictures(o, runs, kinds);
  write_table(o, runs);
  if (command.json())
    print_json(runs_json(runs));
  else if (!o.to_stdout() && !command.quiet())
    print_text(runs_text(runs, terminal_columns(STDOUT_FILENO)));
  return 0;
}

}  // namespace
}  // namespace moelm

int main(int argc, char** argv) {
  return moelm::main_guard([&] { return moelm::run(argc, argv); });
}
