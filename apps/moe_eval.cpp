// moe-eval: the perplexity of a text under a trained model, in all, by line or by token.
#include <unistd.h>

#include "base/quantity.hpp"
#include "base/stopwatch.hpp"
#include "base/version.hpp"
#include "common/command.hpp"
#include "common/main_guard.hpp"
#include "common/output.hpp"
#include "data/path_kind.hpp"
#include "data/text_notes.hpp"
#include "model_files/model_store.hpp"
#include "report/evaluation_report.hpp"
#include "report/score_rows.hpp"
#include "run/run_data.hpp"
#include "terminal/console.hpp"

namespace moelm {
namespace {

constexpr Index kMostHeldLines = 64;  // of a pipe, whose rows somebody may wait for

struct Options {
  std::vector<std::string> inputs;  // run, then the text
  std::optional<std::string> data;
  std::optional<Split> split;
  std::optional<StateKind> state;
  std::optional<DataType> dtype;
  std::optional<Index> streams, batch_lines;
  bool per_sentence = false, per_token = false;

  bool rows() const { return per_sentence || per_token; }
  bool has_text() const { return inputs.size() > 1; }
  /// Lines of a text are hypotheses more often than a story: their scores must not depend on their order.
  bool scores_sentences() const { return per_sentence && has_text(); }
};

void declare(Command& command, Options& o) {
  command.positional(
      "RUN [TEXT]", o.inputs, 1, 2,
      "a run (its best checkpoint, else the newest) or a checkpoint folder; then a text (plain or compressed, - "
      "for standard input) instead of the run's own data");
  command.option("--data", "DIR", o.data, "data folder, made with the run's tokenizer; default: the run's own");
  command.choice("--split", o.split, "split of the data folder; default: test");
  command.choice("--state", o.state,
                 "carry: one state through the whole text; reset: every line from the zero state; default: as "
                 "trained, but reset with --per-sentence of a text");
  command.option("--streams", "N", o.streams, 1,
                 "cut the text into N streams side by side: faster, an approximation (state carry); default: 1, exact");
  command.choice("--dtype", o.dtype, "arithmetic of matrix products; default: f32");
  command.flag("--per-sentence", o.per_sentence,
               "a row a line: log10 probability, tokens, unknown words, tab-separated; the summary goes to stderr");
  command.flag("--per-token", o.per_token,
               "a row a token: line, position, token, log10 probability; the summary goes to stderr");
  command.option(
      "--batch-lines", "N", o.batch_lines, 1,
      "lines of a text held back at most until their rows appear; default: 64 from a pipe; 1 for co-processes");
  command.exclude("--per-sentence", "--per-token");
  command.json_flag("the summary as one JSON object on stdout; rows as objects, one a line, before it");
  command.on_unknown([](const std::string& typed) {
    const std::string name = typed.substr(typed.find_first_not_of('-'));
    return name == "ppl" || name == "text" || name == "input" ? "the text after the run: moe-eval run/ TEXT" : "";
  });
  command.example("run/", "perplexity of the test split of the run's data");
  command.example("run/ --split valid --json", "the number that training has validated with, for a script");
  command.example("run/ chapter.txt.gz --per-token", "how probable each word of a text is");
  command.example("run/ - --per-sentence --batch-lines 1", "a co-process: a line in, a score out");
  command.exit_code(Exit::bad_data, "a damaged input, or no text at all");
  command.exit_code(Exit::missing_input, "no run, no checkpoint, no data or no text there");
  command.exit_code(Exit::out_of_memory, "out of memory");
  command.exit_code(Exit::io, "reading or writing failed");
  command.exit_code(Exit::diverged, "the model has diverged: its perplexity is no finite number");
  command.exit_code(Exit::no_permission, "no permission");
  command.exit_code(Exit::bad_config, "model, data and options do not fit together");
}

void check_usage(const Options& o) {
  if (o.has_text() && (o.data || o.split))
    throw Error(Exit::usage, o.inputs[1] + ": expected either a text or --data and --split, found both");
  if (o.streams.value_or(1) > 1 && o.rows())
    throw Error(Exit::usage, "--streams: expected 1 with rows, which come in the order of the text, found " +
                                 std::to_string(*o.streams));
}

EvaluationPolicy choose_policy(const Options& o, const LoadedModel& model) {
  const StateKind usual = o.scores_sentences() ? StateKind::reset : model.run.config.train.state;
  EvaluationPolicy policy{o.state.value_or(usual), o.streams.value_or(1)};
  if (policy.state == StateKind::reset && policy.streams > 1)
    throw Error(Exit::usage, "--streams: expected 1 in state reset, where every line stands alone, found " +
                                 std::to_string(policy.streams) + "; --state carry has streams");
  return policy;
}

/// Notes for the reader of the terminal.
void note(const Command& command, const std::string& text) {
  if (!command.quiet()) say_line(text);
}

class Evaluator {
 public:
  Evaluator(const Command& command, const Options& o)
      : command_(command),
        o_(o),
        threads_(command.threads()),
        context_(threads_.threads, o.dtype.value_or(DataType::f32)),
        model_(load_model(o.inputs[0])),
        scorer_(context_, model_.run.config.model, model_.parameters),
        console_(style(), console_writer()),
        rows_(*model_.tokenizer, o.per_token ? RowKind::token : RowKind::sentence, command.json()) {}

  int run() {
    report_.dtype = data_type_name(context_.products());
    report_.policy = choose_policy(o_, model_);
    report_.checkpoint = model_.checkpoint;
    report_.step = model_.step;
    report_.has_unknown = !model_.tokenizer->keeps_bytes();
    report_.tokenizer = std::string(enum_name(model_.tokenizer->kind())) + ", " +
                        format_counted(model_.tokenizer->vocabulary_size(), "token");
    announce();
    watch_ = Stopwatch();
    scorer_.observe([this](const Batch&, std::span<const RowOrigin>, const ModelCache&, std::span<const double> nll) {
      progress(static_cast<Index>(nll.size()));
    });
    if (o_.has_text())
      evaluate_given_text();
    else
      evaluate_data_folder();
    report_.seconds = seconds();
    console_.finish();
    finish();
    return 0;
  }

 private:
  double seconds() { return watch_.seconds(); }

  /// A live line on a terminal, unless rows run over the same one; nothing in a log.
  ConsoleStyle style() const {
    ConsoleStyle style = console_style(STDERR_FILENO, command_.quiet());
    if (!style.live || (o_.rows() && isatty(STDOUT_FILENO) == 1)) style.quiet = true;
    return style;
  }

  void announce() const {
    note(command_, "moelm " + std::string(version()) + ", " + format_counted(threads_.threads, "thread") + " (" +
                       threads_.source + "), " + report_.dtype + ", " + model_.checkpoint);
    for (const std::string& warning : model_.warnings) note(command_, "warning: " + warning);
    if (o_.scores_sentences() && !o_.state)
      note(command_, "state reset: every line is scored alone; --state carry goes on from line to line");
    if (o_.per_sentence && report_.policy.state == StateKind::carry)
      note(command_,
           "warning: in state carry each score depends on the lines before; --state reset scores every line alone");
  }

  void progress(Index tokens) {
    tokens_ += tokens;
    const double now = seconds();
    std::string line = format_count(tokens_) + (expected_ > 0 ? " of " + format_count(expected_) : "") + " tokens, ";
    line += format_count(static_cast<Index>(static_cast<double>(tokens_) / std::max(now, 1e-3))) + " tokens/s";
    console_.update(line, now);
  }

  TextScoring scoring(bool pipe) {
    TextScoring how{report_.policy, o_.batch_lines.value_or(pipe ? kMostHeldLines : 0), o_.per_token, {}};
    if (!o_.rows()) return how;
    how.sink = [this, pipe](std::span<const ScoredPart> parts) {
      std::string text;
      rows_.append(parts, text);
      print(text);
      if (pipe) flush_output();
    };
    return how;
  }

  static void print(const std::string& text) {
    print_text(text);
    if (!printed()) throw Error(Exit::io, "standard output: could not be written");
  }

  void evaluate_given_text() {
    TextSource source = TextSource::open(o_.inputs[1], {}, text_bytes(model_.tokenizer->kind()));
    report_.text_name = source.name();
    report_.result = evaluate_text(scorer_, *model_.tokenizer, source, scoring(o_.rows() && source.is_interactive()));
  }

  void evaluate_data_folder() {
    const Dataset data = open_run_data(o_.inputs[0], model_.run, o_.data, DataMatch::same_tokens);
    const Split split = o_.split.value_or(Split::test);
    report_.text_name = data.directory() + ", split " + std::string(enum_name(split));
    expected_ = data.tokens(split);
    report_.result = evaluate_data(scorer_, data, split, scoring(false));
  }

  void finish() {
    std::string rest;
    if (o_.rows()) rows_.finish(rest);
    const TextFacts& text = report_.result.text;
    for (const std::string& found : text_notes({text.faults, text.marks, text.bytes, !report_.has_unknown}))
      note(command_, "warning: " + report_.text_name + ": " + found);
    if (text.unknown_words > 0 && model_.tokenizer->count(model_.tokenizer->unknown_id()) == 0)
      note(command_, "warning: <unk> never occurs in the training tokens, so the " +
                         format_counted(text.unknown_words, "unknown word") +
                         (text.unknown_words == 1 ? " costs more than it should;" : " cost more than they should;") +
                         " tokenize with --min-count 2 and train again");
    if (command_.json()) {
      print(rest);
      print_json(evaluation_json(report_), o_.rows() ? -1 : 2);
    } else if (!o_.rows())
      print(evaluation_text(report_));
    else {
      print(rest);
      flush_output();
      if (!command_.quiet()) say_text(evaluation_text(report_));
    }
  }

  const Command& command_;
  const Options& o_;
  ThreadChoice threads_;
  Context context_;
  LoadedModel model_;
  Scorer scorer_;
  Console console_;
  ScoreRows rows_;
  EvaluationReport report_;
  Stopwatch watch_;
  Index tokens_ = 0, expected_ = 0;
};

int run(int argc, char** argv) {
  Command command("moe-eval", "Scores a text with a trained model: perplexity in all, by line or by token.",
                  "RUN [--data DIR [--split test] | TEXT | -] [options]");
  Options o;
  declare(command, o);
  if (const auto exit = command.parse(argc, argv)) return *exit;
  check_usage(o);
  require_run_path(o.inputs[0], "moe-eval");
  if (o.has_text()) require_text_path(o.inputs[1], "moe-eval");
  return Evaluator(command, o).run();
}

}  // namespace
}  // namespace moelm

int main(int argc, char** argv) {
  return moelm::main_guard([&] { return moelm::run(argc, argv); });
}
