// moe-eval: the perplexity of a text under a trained model: of the whole text, by line or by token.
#include <unistd.h>

#include <limits>

#include "base/quantity.hpp"
#include "base/stopwatch.hpp"
#include "base/version.hpp"
#include "common/command.hpp"
#include "common/output.hpp"
#include "common/rank_guard.hpp"
#include "common/scoring_options.hpp"
#include "data/path_kind.hpp"
#include "dist/launch.hpp"
#include "evaluation/score_rows.hpp"
#include "moe_eval_adaptation.hpp"
#include "report/evaluation_report.hpp"
#include "report/foreign_rows.hpp"
#include "run/run_data.hpp"
#include "terminal/console.hpp"

namespace moelm {
namespace {

constexpr Index kMaxHeldLines = 64;  // of a pipe, whose writer may wait for the rows

struct Options {
  std::vector<std::string> inputs;  // run, then the text
  std::optional<std::string> data;
  std::optional<Split> split;
  std::optional<StateKind> state;
  std::optional<DataType> dtype;
  std::optional<ForeignFormat> format;
  std::optional<Index> streams, batch_lines;
  std::optional<std::string> log_base;
  bool per_sentence = false, per_token = false, rank = false;
  AdaptationOptions adaptation;

  bool rows() const { return per_sentence || per_token; }
  ForeignLevel level() const {
    if (per_token) return ForeignLevel::word;
    return per_sentence ? ForeignLevel::sentence : ForeignLevel::summary;
  }
  bool has_text() const { return inputs.size() > 1; }
  /// Lines of a text are hypotheses more often than a story: their scores must not depend on their order.
  /// So are the sentences of SRILM and KenLM, at each level of detail.
  bool scores_sentences() const { return (per_sentence || format) && has_text(); }
};

void declare(Command& command, Options& o) {
  command.positional(
      "RUN [TEXT]", o.inputs, 1, 2,
      "a run (its best checkpoint, else the newest) or a checkpoint folder; then a text (plain or compressed, - "
      "for standard input) instead of the run's own data");
  command.option("--data", "DIR", o.data, "data folder, made with the run's tokenizer; default: the run's own");
  declare_split(command, o.split);
  declare_state(command, o.state, ", but reset for a text with --per-sentence or --format");
  command.option("--streams", "N", o.streams, 1,
                 "cut the text into N streams side by side: faster, an approximation (state carry); default: 1, exact");
  declare_adaptation(command, o.adaptation);
  declare_dtype(command, o.dtype);
  declare_rows(command, o.per_sentence, o.per_token);
  declare_log_base(command, o.log_base);
  command.flag(
      "--rank", o.rank,
      "count also how often the right token is among the 1, 5 and 10 most probable; computes one more softmax");
  command.option("--batch-lines", "N", o.batch_lines, 1,
                 "print the rows of a text after at most N lines; default: 64 from a pipe; 1 for co-processes");
  command.choice(
      "--format", o.format,
      "print as srilm (ngram -ppl -debug 0; 1 with --per-sentence, 2 with --per-token) or kenlm (query -v 0; "
      "1, 2) does, base 10, the summary on stdout too");
  // Nothing in those forms could say that the scores are not static; the ranks of tokens are those of the trained
  // model.
  for (const char* other : {"--cache", "--dynamic", "--rank", "--log-base"}) command.exclude("--format", other);
  for (const char* other : {"--cache", "--dynamic"}) command.exclude("--rank", other);
  declare_json_rows(command);
  command.hint({"debug", "verbosity"}, "--format FORMAT with --per-sentence or --per-token");
  command.hint({"ppl", "text", "input"}, "the text after the run: moe-eval run/ TEXT");
  command.example("run/", "perplexity of the test split of the run's data");
  command.example("run/ --split valid --json", "the number that validation computes during training, for a script");
  command.example("run/ chapter.txt.gz --per-token", "how probable each word of a text is");
  command.example("run/ --rank", "also how often the right word is among the 1, 5 and 10 most probable");
  command.example("run/ - --per-sentence --batch-lines 1", "a co-process: a line in, a score out");
  command.example("run/ --cache 2000", "perplexity with a neural cache, its numbers chosen on the validation split");
  command.example("run/ test.txt --format srilm --per-token", "for compute-best-mix and ppl-from-log of SRILM");
  command.exit_code(Exit::bad_data, "an input is damaged or holds no text");
  command.exit_code(Exit::missing_input, "the run, a checkpoint, the data or the text is missing");
  command.exit_code(Exit::diverged, "the model has diverged: its perplexity is not finite");
  command.exit_code(Exit::bad_config, "model, data and options do not fit together");
}

void check_usage(const Options& o, bool json) {
  if (json && o.format) throw Error(Exit::usage, "--format: expected one of --format and --json, found both");
  if (o.has_text() && (o.data || o.split))
    throw Error(Exit::usage, o.inputs[1] + ": expected either a text or --data and --split, found both");
  if (o.streams.value_or(1) > 1 && (o.rows() || o.format))
    throw Error(Exit::usage, "--streams: expected 1 with rows, which come in the order of the text, found " +
                                 std::to_string(*o.streams));
  chosen_log_base(o.log_base, o.rows());
}

EvaluationPolicy choose_policy(const Options& o, StateKind trained) {
  const StateKind usual = o.scores_sentences() ? StateKind::reset : trained;
  const EvaluationPolicy policy{o.state.value_or(usual), o.streams.value_or(1)};
  if (policy.state == StateKind::reset && policy.streams > 1)
    throw Error(Exit::usage, "--streams: expected 1 in state reset, where every line stands alone, found " +
                                 std::to_string(policy.streams) + "; --state carry has streams");
  return policy;
}

/// A live line on a terminal, unless rows go to the same one; nothing in a log.
ConsoleStyle progress_style(const Command& command, const Options& o) {
  ConsoleStyle style = console_style(STDERR_FILENO, command.quiet());
  if (!style.live || (o.rows() && isatty(STDOUT_FILENO) == 1)) style.quiet = true;
  return style;
}

std::optional<ForeignRows> make_foreign(const Options& o, const Tokenizer& tokenizer) {
  if (!o.format) return std::nullopt;
  return ForeignRows(tokenizer, *o.format, o.level());
}

class Evaluator {
 public:
  Evaluator(const Command& command, const Options& o, Communicator& ranks)
      : command_(command),
        o_(o),
        threads_(threads_of_rank(command.threads(), find_launch())),
        context_(threads_.threads, o.dtype.value_or(DataType::f32)),
        model_(load_model(o.inputs[0], ranks, context_.products(), threads_given(command))),
        scorer_(context_, model_.run.config.model, model_.parameters),
        console_(progress_style(command, o), console_writer()),
        rows_(*model_.tokenizer, o.per_token ? RowKind::token : RowKind::sentence, command.json(),
              chosen_log_base(o.log_base, o.rows())),
        foreign_(make_foreign(o, *model_.tokenizer)),
        report_(empty_report(model_, choose_policy(o, model_.run.config.train.state), context_.products())),
        request_(adaptation_request(o.adaptation, report_.policy)) {}

  void run() {
    announce();
    if (request_.active()) adapt();
    if (o_.rank) target_ranks_.emplace(context_, model_.run.config.model, model_.parameters);
    watch_ = Stopwatch();
    scorer_.observe([this](const Batch& batch, std::span<const RowOrigin>, const ModelCache& pass, auto nll) {
      if (target_ranks_) target_ranks_->add(batch, pass);
      show_progress(static_cast<Index>(nll.size()));
    });
    if (o_.has_text())
      evaluate_given_text();
    else
      evaluate_data_folder();
    report_.seconds = watch_.seconds();
    if (target_ranks_) report_.ranks = target_ranks_->counts();
    if (adaptation_) report_.adaptation.static_nll = adaptation_->static_nll();
    console_.finish();
    for (const std::string& text : evaluation_notes(report_)) note("warning: " + text);
    print();
  }

 private:
  void note(const std::string& text) const {
    if (!command_.quiet()) say_line(text);
  }

  void announce() const {
    note("moelm " + std::string(version()) + ", " + format_counted(threads_.threads, "thread") + " (" +
         threads_.source + "), " + report_.dtype + ", " + model_.checkpoint);
    for (const std::string& warning : model_.warnings) note("warning: " + warning);
    if (o_.scores_sentences() && !o_.state)
      note("state reset: every line is scored alone; --state carry goes on from line to line");
    if ((o_.per_sentence || foreign_) && report_.policy.state == StateKind::carry)
      note("warning: in state carry each score depends on the lines before; --state reset scores every line alone");
  }

  /// Chooses how to adapt, and begins with it.
  void adapt() {
    adaptation_.emplace(context_, model_, request_);
    const Index max_tokens = std::numeric_limits<Index>::max();
    const Index bytes = adaptation_->require_memory(o_.has_text() ? max_tokens : data().tokens(split()));
    if (!request_.complete()) note("choosing numbers on the validation split");
    report_.adaptation = adaptation_->begin(
        scorer_, [this]() -> const Dataset& { return data(); }, [this](const std::string& text) { note(text); });
    note(adaptation_label(report_.adaptation) + ", at most " + format_bytes(bytes));
    if (!request_.complete() && !o_.has_text() && split() == Split::valid)
      note("warning: the numbers were chosen on the text that is scored, so the perplexity flatters");
  }

  /// The data folder of the run, or the given one.
  const Dataset& data() {
    if (!data_) data_ = open_run_data(o_.inputs[0], model_.run, o_.data, DataMatch::same_tokens);
    return *data_;
  }
  Split split() const { return o_.split.value_or(Split::test); }

  void show_progress(Index tokens) {
    tokens_ += tokens;
    const double now = watch_.seconds();
    std::string line = format_count(tokens_) + (expected_ > 0 ? " of " + format_count(expected_) : "") + " tokens, ";
    line += format_count(static_cast<Index>(static_cast<double>(tokens_) / std::max(now, 1e-3))) + " tokens/s";
    console_.update(line, now);
  }

  TextScoring scoring(bool from_pipe) {
    const bool flushed = from_pipe && o_.rows();
    TextScoring how{report_.policy, o_.batch_lines.value_or(flushed ? kMaxHeldLines : 0), o_.per_token, {}};
    if (!o_.rows() && !foreign_) return how;
    how.sink = [this, flushed](std::span<const ScoredPart> parts) {
      std::string text;
      foreign_ ? foreign_->append(parts, text) : rows_.append(parts, text);
      print_checked(text);
      if (flushed) flush_output();
    };
    return how;
  }

  void evaluate_given_text() {
    TextSource source = TextSource::open(o_.inputs[1], {}, text_bytes(model_.tokenizer->kind()));
    report_.text_name = source.name();
    report_.result = evaluate_text(scorer_, *model_.tokenizer, source, scoring(source.is_interactive()));
  }

  void evaluate_data_folder() {
    report_.text_name = split_name(data(), split());
    expected_ = data().tokens(split());
    report_.result = evaluate_data(scorer_, data(), split(), scoring(false));
  }

  void print_foreign() {
    std::string text;
    foreign_->finish(report_.text_name, text);
    print_checked(text);
  }

  void print() {
    if (foreign_) return print_foreign();
    if (o_.rows()) {
      std::string last_row;
      rows_.finish(last_row);
      print_checked(last_row);
    }
    if (command_.json()) {
      print_json(evaluation_json(report_), o_.rows() ? -1 : 2);
    } else if (!o_.rows()) {
      print_checked(evaluation_text(report_));
    } else {
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
  std::optional<ForeignRows> foreign_;
  EvaluationReport report_;
  AdaptationRequest request_;
  std::optional<ModelAdaptation> adaptation_;
  std::optional<TargetRanks> target_ranks_;
  std::optional<Dataset> data_;
  Stopwatch watch_;
  Index tokens_ = 0, expected_ = 0;
};

int run(int argc, char** argv, Communicator& ranks) {
  Command command("moe-eval", "Scores a text with a trained model: perplexity of the whole text, by line or by token.",
                  "RUN [--data DIR [--split test] | TEXT | -] [options]");
  Options o;
  declare(command, o);
  if (const auto exit = command.parse(argc, argv)) return *exit;
  check_usage(o, command.json());
  require_run_path(o.inputs[0], "moe-eval", true);
  if (o.has_text()) require_text_path(o.inputs[1], "moe-eval");
  if (ranks.size() > 1 && (command.given("--dynamic") || command.given("--cache")))
    throw Error(Exit::bad_config, std::string(command.given("--cache") ? "--cache" : "--dynamic") +
                                      ": expected one process, found " + std::to_string(ranks.size()) + " ranks");
  Evaluator(command, o, ranks).run();
  return 0;
}

}  // namespace
}  // namespace moelm

int main(int argc, char** argv) {
  return moelm::rank_guard([&](moelm::Communicator& ranks) { return moelm::run(argc, argv, ranks); },
                           moelm::follow_scorer);
}
