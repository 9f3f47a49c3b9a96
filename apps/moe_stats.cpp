// moe-stats: who the experts of a trained model are and how a text uses them.
#include <cmath>

#include "base/escape.hpp"
#include "base/finite.hpp"
#include "base/quantity.hpp"
#include "base/stopwatch.hpp"
#include "base/version.hpp"
#include "common/command.hpp"
#include "common/main_guard.hpp"
#include "common/output.hpp"
#include "data/path_kind.hpp"
#include "io/output_file.hpp"
#include "model_files/model_store.hpp"
#include "report/html_report.hpp"
#include "report/json_report.hpp"
#include "report/text_report.hpp"
#include "run/run_data.hpp"
#include "statistics/routes_writer.hpp"
#include "statistics/statistics_pass.hpp"
#include "terminal/console.hpp"
#include "terminal/format.hpp"

namespace moelm {
namespace {

/// Beyond this many tokens a text is cut into streams: one stream of single steps would take hours.
constexpr Index kExactTokens = 500'000;
constexpr Index kStreams = 32;
constexpr Index kPipedColumns = 80;

struct Options {
  std::vector<std::string> inputs;  // run, then texts
  std::optional<std::string> data, html, classes, routes;
  std::optional<Split> split;
  bool force = false;
};

/// What was read, and what to call it.
struct Source {
  StatisticsText text;
  std::string name;
};

void declare(Command& command, Options& o) {
  command.positional(
      "RUN [TEXT ...]", o.inputs, 1, 100'000,
      "a run or checkpoint folder; then texts to read (plain or compressed, - for standard input) instead of the "
      "run's own data");
  command.option("--data", "DIR", o.data, "data folder to read from; default: the run's own");
  command.choice("--split", o.split, "split of the data folder (test)");
  command.option("--html", "FILE", o.html, "write the report as a page (- for standard output)");
  command.option(
      "--classes", "FILE", o.classes,
      "one label for each line of the text; default: the input file where there are 2 to 1,000, else what tokens "
      "look like (numbers, punctuation, capitals, frequency)");
  command.option("--routes", "FILE", o.routes,
                 "write every decision, tab-separated under a header: token_index, line, token (the one read), layer, "
                 "expert_1 ... as expert:gate (- for standard output); pandas.read_table(FILE, keep_default_na=False)");
  command.flag("--force", o.force, "let --html and --routes replace a file that is none of moe-stats");
  command.json_flag("the report as one JSON object on stdout");
  command.example("run/", "the experts on the test split of the run's data");
  command.example("run/ --html report.html", "also as a page with charts and contexts");
  command.example("run/ law.txt sea.txt", "which experts serve which of two texts");
  command.example("run/ --data data/ --split valid --routes routes.tsv --json > stats.json", "everything, for scripts");
  command.exit_code(Exit::bad_data, "a damaged or unfit input");
  command.exit_code(Exit::missing_input, "an input that is not there");
  command.exit_code(Exit::out_of_memory, "out of memory");
  command.exit_code(Exit::cannot_create,
                    "an output that cannot be created, or that would replace a file of another kind");
  command.exit_code(Exit::io, "reading or writing failed");
  command.exit_code(Exit::diverged, "the model has diverged: its perplexity is no finite number");
  command.exit_code(Exit::no_permission, "no permission");
  command.exit_code(Exit::bad_config, "model and data do not fit together");
}

void check_usage(const Command& command, const Options& o) {
  if (o.inputs.size() > 1 && (o.data || o.split))
    throw Error(Exit::usage, o.inputs[1] + ": expected either texts or --data and --split, found both");
  const auto is_stdio = [](const std::optional<std::string>& path) { return path == "-" ? 1 : 0; };
  if (is_stdio(o.html) + is_stdio(o.routes) + (command.json() ? 1 : 0) > 1)
    throw Error(Exit::usage, "standard output: expected one of --json, --html - and --routes -, found more");
  Index readers = is_stdio(o.classes);
  for (std::size_t i = 1; i < o.inputs.size(); ++i) readers += o.inputs[i] == "-" ? 1 : 0;
  if (readers > 1) throw Error(Exit::usage, "standard input: expected to be read once, found it given twice");
}

Source read_source(const Options& o, const LoadedModel& model, const std::string& run) {
  if (o.inputs.size() > 1) {
    const std::vector<std::string> paths(o.inputs.begin() + 1, o.inputs.end());
    const std::string name = paths.size() == 1 ? paths[0] : format_counted(static_cast<Index>(paths.size()), "file");
    return {load_texts(paths, *model.tokenizer), name == "-" ? "standard input" : name};
  }
  const Dataset data = open_run_data(run, model.run, o.data, DataMatch::same_tokens);
  const Split split = o.split.value_or(Split::test);
  return {load_split(data, split), data.directory() + ", split " + std::string(enum_name(split))};
}

RowClasses choose_classes(const Options& o, const StatisticsText& text, const Tokenizer& tokenizer) {
  if (o.classes) return classes_by_label(text, *o.classes);
  if (can_class_by_file(text)) return classes_by_file(text);
  return classes_by_token(tokenizer);
}

std::string describe(const ModelConfig& config) {
  std::string text;
  for (const LayerConfig& layer : config.layers) {
    if (!text.empty()) text += ", ";
    if (const auto* embedding = std::get_if<EmbeddingConfig>(&layer))
      text += "embedding " + std::to_string(embedding->width);
    if (const auto* lstm = std::get_if<LstmConfig>(&layer)) text += "LSTM " + std::to_string(lstm->cells);
    if (const auto* moe = std::get_if<MoeConfig>(&layer)) {
      text += "MoE " + format_count(moe->experts) + " x ";
      for (std::size_t i = 0; i < moe->hidden.size(); ++i) text += (i > 0 ? "-" : "") + std::to_string(moe->hidden[i]);
      text += " k " + std::to_string(moe->chosen());
      if (moe->hierarchical()) text += " in " + format_counted(moe->groups, "group");
    }
    if (std::holds_alternative<SoftmaxConfig>(layer)) text += "softmax";
  }
  return text;
}

std::string policy(const StatisticsPass& pass) {
  if (pass.state == StateKind::reset) return "reset: every line from the zero state; float32";
  if (pass.streams == 1) return "carry: one stream, exact; float32";
  return "carry: " + format_counted(pass.streams, "stream") + ", an approximation; float32";
}

void add_facts(StatisticsReport& report, const LoadedModel& model, const std::string& run, const Source& source,
               const StatisticsPass& pass, const RowClasses& classes) {
  report.title = "Expert report: " + run;
  report.facts = {{"run", run},
                  {"checkpoint", model.checkpoint.substr(model.checkpoint.rfind('/') + 1)},
                  {"model", describe(model.run.config.model)},
                  {"text", source.name},
                  {"tokens", format_count(report.tokens) + " in " + format_counted(source.text.lines(), "line") + ", " +
                                 format_count(source.text.unknown_words) + " unknown words"},
                  {"perplexity", format_measure(report.perplexity, 5)},
                  {"state", policy(pass)},
                  {"classes", classes.kind == "token class" ? "what the token read looks like" : "by " + classes.kind}};
}

/// An output that was asked for: a file, standard output ("-"), or none.
class Output {
 public:
  Output(const std::optional<std::string>& path, const OutputKind& kind, bool force)
      : asked_for_(path), to_standard_output_(path == "-") {
    // A path that cannot be is refused before the work.
    if (path && !to_standard_output_) file_.emplace(*path, kind, force);
  }
  bool asked_for() const { return asked_for_; }
  void write(std::string_view text) { file_ ? file_->write(text) : print_text(text); }
  void finish() {
    if (file_) file_->finish();
  }

 private:
  bool asked_for_, to_standard_output_;
  std::optional<OutputFile> file_;
};

StatisticsReport measure(const Command& command, const LoadedModel& model, const Source& source,
                         const RowClasses& classes, StatisticsPass& pass) {
  Context context(command.threads().threads);
  Console console(console_style(2, command.quiet()), console_writer());
  Stopwatch watch;
  pass.progress = [&](Index done) {
    const double elapsed = watch.seconds(), speed = static_cast<double>(done) / std::max(elapsed, 1e-9);
    const Index left = source.text.tokens() - done;
    console.update(format_count(done) + " of " + format_counted(source.text.tokens(), "token") + "  " +
                       format_count(static_cast<Index>(speed)) + " tok/s  ETA " +
                       format_duration(static_cast<double>(left) / speed),
                   elapsed);
  };
  return collect_statistics(context, model.run.config.model, model.parameters, *model.tokenizer, source.text, classes,
                            pass);
}

void print(const Command& command, const Options& o, const StatisticsReport& report, const std::string& run,
           Output& html) {
  if (html.asked_for()) {
    html.write(html_report(report, read_training_curves(join_path(run, "metrics.jsonl"))));
    html.finish();
  }
  if (command.json()) {
    print_json(json_report(report));
  } else if (o.html != "-" && o.routes != "-") {
    const ConsoleStyle style = console_style(1, false);
    print_text(text_report(report, style.live ? style.columns : kPipedColumns));
    if (o.html) print_text("\npage: " + escape_terminal(*o.html) + "\n");
  }
}

int run(int argc, char** argv) {
  Command command(
      "moe-stats", "Shows who the experts of a trained model are and how a text uses them.",
      "RUN [TEXT ...] [--data DIR [--split test]] [--html FILE] [--classes FILE] [--routes FILE] [options]");
  Options o;
  declare(command, o);
  if (const auto exit = command.parse(argc, argv)) return *exit;
  check_usage(command, o);
  require_run_path(o.inputs[0], "moe-stats");
  for (std::size_t i = 1; i < o.inputs.size(); ++i) require_text_path(o.inputs[i], "moe-stats");
  Output html(o.html, kPageKind, o.force), routes(o.routes, kRoutesKind, o.force);

  const LoadedModel model = load_model(o.inputs[0]);
  const std::string run = parent_path(parent_path(model.checkpoint));
  for (const std::string& warning : model.warnings) say_line("warning: " + warning);
  Source source = read_source(o, model, run);
  if (source.text.ids.empty())
    throw Error(Exit::bad_data,
                source.name + ": expected some text, found none; name another with --split or as a file");
  for (const std::string& found : text_notes(source.text.findings))
    if (!command.quiet()) say_line("warning: " + source.name + ": " + found);
  StatisticsPass pass;
  pass.state = model.run.config.train.state;
  if (pass.state == StateKind::reset) end_every_line(source.text, *model.tokenizer);
  if (pass.state == StateKind::carry && source.text.tokens() > kExactTokens && !o.routes) pass.streams = kStreams;
  const RowClasses classes = choose_classes(o, source.text, *model.tokenizer);

  if (routes.asked_for()) pass.routes = [&routes](std::string_view lines) { routes.write(lines); };
  StatisticsReport report = measure(command, model, source, classes, pass);
  routes.finish();
  if (!is_finite(report.perplexity))
    throw Error(Exit::diverged, source.name + ": perplexity: expected a finite number, found " +
                                    format_number(report.perplexity) +
                                    "; the model has diverged, take an earlier "
                                    "checkpoint");
  add_facts(report, model, run, source, pass, classes);
  print(command, o, report, run, html);
  return 0;
}

}  // namespace
}  // namespace moelm

int main(int argc, char** argv) {
  return moelm::main_guard([&] { return moelm::run(argc, argv); });
}
