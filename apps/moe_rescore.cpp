// moe-rescore: n-best lists with the scores of a trained model.
#include <unistd.h>

#include "base/escape.hpp"
#include "base/finite.hpp"
#include "base/quantity.hpp"
#include "base/stopwatch.hpp"
#include "base/version.hpp"
#include "common/command.hpp"
#include "common/main_guard.hpp"
#include "common/output.hpp"
#include "common/scoring_options.hpp"
#include "data/path_kind.hpp"
#include "model_files/model_store.hpp"
#include "rescoring/nbest_output.hpp"
#include "terminal/console.hpp"

namespace moelm {
namespace {

struct Options {
  std::vector<std::string> inputs;  // run, then lists
  std::optional<NbestFormat> format;
  std::vector<std::string> weights;
  std::optional<std::string> log_base;
  std::optional<StateKind> state;
  std::optional<DataType> dtype;
  bool numbered_ids = false, skip_bad = false;
  bool scores = false, replace = false, best = false;

  NbestRows rows() const {
    if (scores) return NbestRows::scores;
    if (replace) return NbestRows::replace;
    return best ? NbestRows::best : NbestRows::lines;
  }
};

void declare(Command& command, Options& o) {
  command.positional("RUN LIST ...", o.inputs, 2, 100'000,
                     "a run (its best checkpoint, else the newest) or a checkpoint folder; then n-best lists (plain or "
                     "compressed, - for standard input)");
  command.choice("--format", o.format,
                 "kaldi: id w1 w2 ...; srilm: ascore lscore nwords w1 w2 ..., or (score) w1 w2 ... after NBestList1.0; "
                 "moses: id ||| words ||| features ||| score; default: srilm or moses where the first line can only be "
                 "one of them");
  command.flag("--numbered-ids", o.numbered_ids,
               "kaldi: ids are NAME-1, NAME-2, ..., as lattice-to-nbest writes them, and a list is one NAME");
  command.repeated("--weight", "NAME=W", o.weights,
                   "mix scores: the sum of W times each. NAME: model (required), words (their number), ascore, lscore, "
                   "score, or a feature of Moses (NAME.2 is the second of its values)");
  command.offer("--weight", [] {
    std::vector<std::string> keys;
    for (const std::string_view name : score_names(NbestFormat::srilm)) keys.push_back(std::string(name) + "=");
    return keys;
  });
  command.flag("--best", o.best, "print only the best hypothesis of each list, by the mixture or the model's score");
  command.flag("--scores", o.scores, "print only the scores, one a line (kaldi: behind the id)");
  command.flag("--replace", o.replace, "srilm, moses: put the score in the place of lscore or score");
  command.option("--log-base", "B", o.log_base, "base of the model's score, e or a number; default: e; 10 for srilm");
  command.choice(
      "--state", o.state,
      "reset: every hypothesis from the zero state; carry: from the state after the best of the list before; "
      "default: reset");
  declare_dtype(command, o.dtype);
  command.flag("--skip-bad", o.skip_bad, "leave malformed lines out and count them");
  command.json_flag("an object per hypothesis, the last one a summary");
  for (const char* other : {"--scores", "--replace"}) command.exclude("--best", other);
  command.exclude("--scores", "--replace");
  command.hint({"nbest", "input"}, "the list after the run: moe-rescore run/ LIST");
  command.hint({"lm-weight", "lm-scale", "lmwt", "acwt", "acoustic-scale", "lambda"}, "--weight NAME=W");
  command.example("run/ 100best.gz --format kaldi", "the lists with a column more: the model's ln p of each line");
  command.example("run/ nbest.srilm --weight ascore=1 --weight lscore=8 --weight model=8 --weight words=0.5 --best",
                  "one line per list");
  command.example("run/ nbest.moses --weight LM0=0.3 --weight TM0.1=0.2 --weight model=0.5", "with another total");
  command.example("run/ - --format kaldi --scores",
                  "a co-process: a list and an empty line in, scores and an empty line out");
  command.exit_code(Exit::bad_data, "a list or the run is malformed or damaged");
  command.exit_code(Exit::missing_input, "the run, its checkpoint or a list is missing");
  command.exit_code(Exit::diverged, "the model has diverged: its probabilities are not numbers");
  command.exit_code(Exit::bad_config, "the checkpoint does not fit the run");
}

void check_usage(const Options& o) {
  if (o.numbered_ids && o.format != NbestFormat::kaldi)
    throw Error(Exit::usage, "--numbered-ids: expected with --format kaldi, found without");
  if (o.replace && o.format == NbestFormat::kaldi)
    throw Error(Exit::usage, "--replace: expected a list with a score, found --format kaldi; --scores prints one");
}

class Rescorer {
 public:
  Rescorer(const Command& command, const Options& o)
      : command_(command),
        o_(o),
        mixture_(o.weights),
        style_{o.rows(), mixture_.given(), o.best},
        threads_(command.threads()),
        context_(threads_.threads, o.dtype.value_or(DataType::f32)),
        model_(load_model(o.inputs[0])),
        predictor_(context_, model_.run.config.model, model_.parameters),
        state_(o.state.value_or(StateKind::reset)),
        scorer_(predictor_, *model_.tokenizer, state_),
        console_(progress_style(), console_writer()) {
    if (o.log_base) ln_base_ = parse_log_base(*o.log_base).ln;
    if (o.format) mixture_.require_names(*o.format);
  }

  void run() {
    announce();
    for (std::size_t i = 1; i < o_.inputs.size(); ++i) rescore(o_.inputs[i], i > 1);
    console_.finish();
    if (hypotheses_ == 0 && bad_lines_ > 0) throw Error(Exit::bad_data, first_fault_ + "; every line was malformed");
    if (command_.json()) print_json(summary(), -1);
    flush_output();
    say_summary();
  }

 private:
  void note(const std::string& text) {
    if (command_.quiet()) return;
    console_.finish();
    say_line(text);
  }

  /// No live line where the rows go to the same terminal.
  ConsoleStyle progress_style() const {
    ConsoleStyle style = console_style(STDERR_FILENO, command_.quiet());
    if (!style.live || isatty(STDOUT_FILENO) == 1) style.quiet = true;
    return style;
  }

  void announce() {
    note("moelm " + std::string(version()) + ", " + format_counted(threads_.threads, "thread") + " (" +
         threads_.source + "), " + data_type_name(context_.products()) + ", " + model_.checkpoint);
    for (const std::string& warning : model_.warnings) note("warning: " + warning);
  }

  void rescore(const std::string& path, bool follows) {
    TextSource source = TextSource::open(path, {}, text_bytes(model_.tokenizer->kind()));
    NbestReader reader(source,
                       {o_.format, o_.numbered_ids, o_.skip_bad, [this](NbestFormat format, const Hypothesis& h) {
                          mixture_.require_names(format);
                          if (mixture_.given()) mixture_.total(h, 0);
                        }});
    // Lists without a state between them are scored together, unless a reader waits for each answer.
    const std::size_t together = state_ == StateKind::reset && !source.is_interactive() ? kTreeHypotheses : 1;
    std::vector<NbestList> lists;
    std::size_t waiting = 0;
    for (NbestList list; reader.next(list);) {
      if (follows && std::exchange(follows, false)) separate(list);
      waiting += list.hypotheses.size();
      lists.push_back(std::move(list));
      if (waiting < together && !lists.back().empty_line) continue;
      finish(lists, reader, source.name());
      waiting = 0;
    }
    finish(lists, reader, source.name());
    bad_lines_ += reader.bad_lines();
    if (first_fault_.empty()) first_fault_ = reader.first_fault();
    if (reader.looks_numbered())
      note("warning: " + source.name() +
           ": ids look like those of lattice-to-nbest, NAME-1, NAME-2; each is a list of its own without "
           "--numbered-ids");
  }

  /// Keeps the lists of two files apart where their lines do not name them.
  void separate(const NbestList& list) {
    const bool named = list.header || list.hypotheses.empty() || !list.hypotheses[0].id.empty();
    if (!named && !command_.json() && style_.rows != NbestRows::best) print_bytes("\n");
  }

  /// Scores and prints the lists, and empties them.
  void finish(std::vector<NbestList>& lists, const NbestReader& reader, const std::string& name) {
    std::vector<std::string_view> texts;
    for (const NbestList& list : lists)
      for (const Hypothesis& h : list.hypotheses) texts.emplace_back(h.words);
    std::vector<HypothesisScore> scores;
    double ln_base = ln_base_.value_or(1);
    NbestFormat format{};
    if (!texts.empty()) {
      format = reader.format();
      if (!ln_base_ && format == NbestFormat::srilm) ln_base = LogBase().ln;
      scores = scorer_.score(texts);
    }
    std::string out;
    std::size_t first = 0;
    for (const NbestList& list : lists) {
      const std::size_t count = list.hypotheses.size();
      const auto rescored = mix(list, std::span(scores).subspan(first, count), ln_base, name);
      if (count > 0 && state_ == StateKind::carry) scorer_.advance(first + best_of(rescored));
      command_.json() ? append_json(list, name, rescored, style_, out)
                      : append_list(list, format, rescored, style_, out);
      lists_ += count > 0 ? 1 : 0;
      hypotheses_ += static_cast<Index>(count);
      first += count;
    }
    lists.clear();
    print_bytes(out);
    flush_output();
    require_printed();
    console_.update(
        counts() + ", " +
            format_count(static_cast<Index>(static_cast<double>(scorer_.tokens()) / std::max(watch_.seconds(), 1e-3))) +
            " tokens/s",
        watch_.seconds());
  }

  std::vector<RescoredHypothesis> mix(const NbestList& list, std::span<const HypothesisScore> scores, double ln_base,
                                      const std::string& name) {
    std::vector<RescoredHypothesis> rescored;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      const Hypothesis& h = list.hypotheses[i];
      const double score = scores[i].nll == 0 ? 0 : -scores[i].nll / ln_base;
      if (!is_finite(score))
        throw Error(Exit::diverged, name + ": line " + std::to_string(h.line) +
                                        ": score: expected a number, found none; the model has diverged, take an "
                                        "earlier checkpoint");
      const double total = mixture_.total(h, score);
      if (!is_finite(total))
        throw Error(Exit::bad_data, name + ": line " + std::to_string(h.line) +
                                        ": mixed score: expected a number, found none; take smaller weights");
      rescored.push_back({score, total, scores[i].tokens, scores[i].unknown_words});
      unknown_words_ += scores[i].unknown_words;
      marks_ += h.marks ? 1 : 0;
    }
    return rescored;
  }

  std::string counts() const {
    return format_counted(lists_, "list") + ", " + format_count(hypotheses_) +
           (hypotheses_ == 1 ? " hypothesis" : " hypotheses");
  }

  Json summary() {
    return {{"type", "summary"},
            {"lists", lists_},
            {"hypotheses", hypotheses_},
            {"tokens", scorer_.tokens()},
            {"tokens_computed", scorer_.computed()},
            {"oov", unknown_words_},
            {"bad_lines", bad_lines_},
            {"state", enum_name(state_)},
            {"checkpoint", to_valid_utf8(model_.checkpoint)},
            {"step", model_.step},
            {"dtype", data_type_name(context_.products())},
            {"seconds", watch_.seconds()}};
  }

  void say_summary() {
    note(counts() + ", " + format_counted(scorer_.tokens(), "token") + ", of which " +
         format_count(scorer_.computed()) + " were computed; " + format_counted(unknown_words_, "unknown word"));
    if (marks_ > 0)
      note("warning: <s> and </s> at the ends of " + format_counted(marks_, "line") + " were taken for no words");
    for (const std::string& text : text_notes(scorer_.facts(), model_.tokenizer->keeps_bytes()))
      note("warning: " + text);
    if (bad_lines_ > 0) note("warning: " + format_counted(bad_lines_, "malformed line") + " left out (--skip-bad)");
  }

  const Command& command_;
  const Options& o_;
  NbestMixture mixture_;
  NbestStyle style_;
  ThreadChoice threads_;
  Context context_;
  LoadedModel model_;
  Predictor predictor_;
  StateKind state_;
  NbestScorer scorer_;
  Console console_;
  Stopwatch watch_;
  std::optional<double> ln_base_;
  std::string first_fault_;  // of all lists
  Index lists_ = 0, hypotheses_ = 0, unknown_words_ = 0, marks_ = 0, bad_lines_ = 0;
};

int run(int argc, char** argv) {
  Command command("moe-rescore", "Scores the hypotheses of n-best lists with a trained model.",
                  "RUN LIST ... [--format kaldi|srilm|moses] [options]");
  Options o;
  declare(command, o);
  if (const auto exit = command.parse(argc, argv)) return *exit;
  check_usage(o);
  require_run_path(o.inputs[0], "moe-rescore", true);
  for (std::size_t i = 1; i < o.inputs.size(); ++i) require_text_path(o.inputs[i], "moe-rescore");
  Rescorer(command, o).run();
  return 0;
}

}  // namespace
}  // namespace moelm

int main(int argc, char** argv) {
  return moelm::main_guard([&] { return moelm::run(argc, argv); });
}
