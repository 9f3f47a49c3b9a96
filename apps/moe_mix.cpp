// moe-mix: a static linear mixture of models, its weights tuned on the valid split.
#include <unistd.h>

#include <set>

#include "base/quantity.hpp"
#include "common/command.hpp"
#include "common/main_guard.hpp"
#include "common/output.hpp"
#include "common/scoring_options.hpp"
#include "comparison/mixture_report.hpp"
#include "comparison/score_input.hpp"
#include "comparison/token_rows.hpp"
#include "data/path_kind.hpp"
#include "evaluation/score_rows.hpp"
#include "terminal/terminal.hpp"

namespace moelm {
namespace {

constexpr Index kMaxInputs = 100;
constexpr std::size_t kRowsAtOnce = 4096;

struct Options {
  std::vector<std::string> inputs, tune;
  std::optional<std::string> data, text;
  std::optional<Split> split;
  std::optional<StateKind> state;
  std::optional<DataType> dtype;
  bool per_token = false;
};

void declare(Command& command, Options& o) {
  command.positional(
      "A B...", o.inputs, 2, kMaxInputs,
      "what is mixed: runs, data folders (a modified Kneser-Ney 5-gram of their split train) or files of "
      "rows of --per-token");
  command.list("--tune", "FILE", o.tune,
               "the rows of each file among the inputs, in their order, on the text that the weights are tuned on: the "
               "valid split if there are runs or data folders as well");
  command.option("--data", "DIR", o.data, "data folder with the ids of the models; default: that of each model");
  declare_split(command, o.split);
  command.option("--text", "FILE", o.text, "a text to score instead of a split; the weights stay those of split valid");
  declare_state(command, o.state);
  declare_dtype(command, o.dtype);
  declare_token_rows(command, o.per_token);
  command.exclude("--split", "--text");
  declare_json_rows(command);
  command.example("run/ data/", "a run mixed with a 5-gram: perplexity of the test split");
  command.example("run-1/ run-2/ run-3/ --json", "an ensemble of three seeds, for a script");
  command.example("a.rows b.rows.gz --tune a-valid.rows b-valid.rows.gz", "rows of any model, tuned on other rows");
  command.exit_code(Exit::bad_data, "an input is damaged, or its tokens are not those of the others");
  command.exit_code(Exit::missing_input, "a run, the data, a text or a file is missing");
  command.exit_code(Exit::diverged, "a model has diverged: its perplexity is not finite");
  command.exit_code(Exit::bad_config, "the models have different tokenizers");
}

class Mixer {
 public:
  Mixer(const Command& command, const Options& o) : command_(command), o_(o) {
    tuning_text_ = {{}, Split::valid, o.data};
    text_ = {{}, o.split.value_or(Split::test), o.data};
    if (o.text) text_ = {{*o.text}, Split::test, std::nullopt};
    how_ = {o.state, o.dtype.value_or(DataType::f32), command.threads().threads,
            [this](const std::string& text) { warn(text); }};
    check_usage();
  }

  void run() {
    std::size_t files = 0;
    for (const std::string& path : o_.inputs) {
      if (input_kind(path) == InputKind::rows) {
        tuning_.push_back(read_token_rows(o_.tune[files++]));
        scores_.push_back(read_token_rows(path));
        continue;
      }
      note("scoring with " + path);
      std::vector<TokenScores> both = score_input(path, {tuning_text_, text_}, how_);
      tuning_.push_back(std::move(both[0]));
      scores_.push_back(std::move(both[1]));
    }
    const Mixture mixture = mix_scores(tuning_, scores_);
    print(mixture);
  }

 private:
  void check_usage() const {
    std::size_t files = 0;
    for (const std::string& path : o_.inputs) files += input_kind(path) == InputKind::rows ? 1 : 0;
    if (files != o_.tune.size())
      throw Error(Exit::usage, "--tune: expected " + format_counted(static_cast<Index>(files), "file") +
                                   " of rows, as many as there are among the inputs, found " +
                                   std::to_string(o_.tune.size()));
    if (files == o_.inputs.size() && (o_.text || o_.split || o_.data))
      throw Error(Exit::usage, "--text, --split and --data: unexpected: rows of a file belong to their own text");
    for (const std::string& file : o_.tune)
      if (input_kind(file) != InputKind::rows)
        throw Error(Exit::missing_input, file + ": expected a file of rows of moe-eval --per-token, found a folder");
    if (o_.text) require_file_of_text(*o_.text, "moe-mix");
  }

  void note(const std::string& text) const {
    if (!command_.quiet()) say_line(text);
  }
  /// Several models say the same about one text.
  void warn(const std::string& text) {
    if (warned_.insert(text).second) note("warning: " + text);
  }

  void print(const Mixture& mixture) const {
    if (o_.per_token) print_rows(mixture);
    if (command_.json()) {
      print_json(mixture_json(mixture), o_.per_token ? -1 : 2);
    } else if (!o_.per_token) {
      print_text(mixture_text(mixture, terminal_columns(STDOUT_FILENO)));
    } else {
      flush_output();
      if (!command_.quiet()) say_text(mixture_text(mixture, terminal_columns(STDERR_FILENO)));
    }
  }

  void print_rows(const Mixture& mixture) const {
    const TokenScores& tokens = scores_[0];
    std::string rows;
    for (Index t = 0; t < tokens.tokens(); ++t) {
      const TokenPlace place = tokens.place(t);
      append_token_row({place.line, place.position, tokens.token(t), mixture.nll[t], false, {}}, command_.json(), rows);
      if (rows.size() < kRowsAtOnce && t + 1 < tokens.tokens()) continue;
      print_checked(rows);
      rows.clear();
    }
  }

  const Command& command_;
  const Options& o_;
  TextChoice tuning_text_, text_;
  InputScoring how_;
  std::set<std::string> warned_;
  std::vector<TokenScores> tuning_, scores_;  // of each input
};

int run(int argc, char** argv) {
  Command command("moe-mix",
                  "Mixes models: a weighted mean of their probabilities for each token, with weights that make the "
                  "split valid most probable.",
                  "A B... [--tune FILE...] [--data DIR] [--split test | --text FILE] [options]");
  Options o;
  declare(command, o);
  if (const auto exit = command.parse(argc, argv)) return *exit;
  Mixer(command, o).run();
  return 0;
}

}  // namespace
}  // namespace moelm

int main(int argc, char** argv) {
  return moelm::main_guard([&] { return moelm::run(argc, argv); });
}
