// moe-compare: the difference of two models on the same text, with a paired confidence interval.
#include <unistd.h>

#include <set>

#include "base/quantity.hpp"
#include "common/command.hpp"
#include "common/main_guard.hpp"
#include "common/output.hpp"
#include "common/scoring_options.hpp"
#include "comparison/comparison_report.hpp"
#include "comparison/score_input.hpp"
#include "comparison/token_rows.hpp"
#include "data/dataset.hpp"
#include "data/path_kind.hpp"
#include "terminal/terminal.hpp"

namespace moelm {
namespace {

constexpr Index kMaxTexts = 10'000;

struct Options {
  std::vector<std::string> inputs;  // A, B, then texts
  std::optional<std::string> data;
  std::optional<Split> split;
  std::optional<StateKind> state;
  std::optional<DataType> dtype;
  std::optional<Index> blocks;
  bool by_line = false;

  bool has_texts() const { return inputs.size() > 2; }
};

void declare(Command& command, Options& o) {
  command.positional("A B [TEXT...]", o.inputs, 2, 2 + kMaxTexts,
                     "what is compared: runs, data folders (a modified Kneser-Ney 5-gram of their split train) or "
                     "files of rows of --per-token; several seeds of a side with commas: A1,A2,A3; then texts instead "
                     "of a split of the data, each a source of its own");
  command.option("--data", "DIR", o.data, "data folder with the ids of the models; default: that of each model");
  declare_split(command, o.split);
  declare_state(command, o.state);
  declare_dtype(command, o.dtype);
  command.option("--blocks", "N", o.blocks, 1,
                 "resample blocks of N tokens; default: documents, which blank lines end, or blocks of 2,000 tokens if "
                 "there are fewer than 10");
  command.flag("--by-line", o.by_line,
               "pair sums of lines, in nats a word: as for models with different tokenizers, for files of rows");
  command.json_flag("the result as one JSON object on stdout");
  command.example("run-a/ run-b/", "is B better than A on the test split, and by how much?");
  command.example("a1/,a2/,a3/ b1/,b2/,b3/ --json", "three seeds a side, paired by position");
  command.example("run/ data/ book-1.txt book-2.txt", "a run and a 5-gram on two texts");
  command.example("a.rows b.rows.gz --blocks 500", "two files of rows of moe-eval --per-token");
  command.exit_code(Exit::bad_data, "an input is damaged, or the tokens or lines cannot be paired");
  command.exit_code(Exit::missing_input, "a run, the data, a text or a file is missing");
  command.exit_code(Exit::diverged, "a model has diverged: its perplexity is not finite");
  command.exit_code(Exit::bad_config, "model, data and options do not fit together");
}

/// The seeds of a side, separated by commas. A name that is there as it stands is one seed, commas included.
std::vector<std::string> seeds_of(const std::string& side) {
  if (path_kind(side) != PathKind::nothing) return {side};
  std::vector<std::string> seeds;
  for (std::size_t begin = 0; begin <= side.size();) {
    const std::size_t end = std::min(side.find(',', begin), side.size());
    if (end == begin) throw Error(Exit::usage, side + ": expected names with single commas between them, found none");
    seeds.push_back(side.substr(begin, end - begin));
    begin = end + 1;
  }
  return seeds;
}

class Comparer {
 public:
  Comparer(const Command& command, const Options& o)
      : command_(command), o_(o), a_(seeds_of(o.inputs[0])), b_(seeds_of(o.inputs[1])) {
    text_ = {{o.inputs.begin() + 2, o.inputs.end()}, o.split.value_or(Split::test), o.data};
    how_ = {o.state, o.dtype.value_or(DataType::f32), command.threads().threads,
            [this](const std::string& text) { warn(text); }};
    check_usage();
  }

  void run() {
    const std::vector<TokenScores> a = score(a_), b = score(b_);
    const Comparison comparison = compare_scores(a, b, {o_.blocks, o_.by_line, {}}, vocabulary(a, b).get());
    for (const std::string& text : comparison_notes(comparison)) note("note: " + text);
    if (command_.json())
      print_json(comparison_json(comparison), 2);
    else
      print_text(comparison_text(comparison, terminal_columns(STDOUT_FILENO)));
  }

 private:
  void check_usage() const {
    if (a_.size() != b_.size())
      throw Error(Exit::usage, o_.inputs[1] + ": expected " + format_counted(static_cast<Index>(a_.size()), "seed") +
                                   " as in " + o_.inputs[0] + ", found " + std::to_string(b_.size()) +
                                   "; seeds are paired by position");
    if (o_.has_texts() && (o_.data || o_.split))
      throw Error(Exit::usage, o_.inputs[2] + ": expected either texts or --data and --split, found both");
    bool has_models = false, has_rows = false;
    for (const auto* side : {&a_, &b_})
      for (const std::string& path : *side) (input_kind(path) == InputKind::rows ? has_rows : has_models) = true;
    if (o_.has_texts() && !has_models)
      throw Error(Exit::usage, o_.inputs[2] + ": unexpected: rows of a file belong to their own text");
    if (text_.files.size() > 1 && has_rows)
      throw Error(Exit::usage, o_.inputs[3] + ": unexpected: rows of a file belong to a single text");
    for (const std::string& file : text_.files) require_file_of_text(file, "moe-compare");
  }

  void note(const std::string& text) const {
    if (!command_.quiet()) say_line(text);
  }
  /// Several models say the same about one text.
  void warn(const std::string& text) {
    if (warned_.insert(text).second) note("warning: " + text);
  }

  std::vector<TokenScores> score(const std::vector<std::string>& side) const {
    std::vector<TokenScores> scores;
    for (const std::string& path : side) {
      if (input_kind(path) == InputKind::rows) {
        scores.push_back(read_token_rows(path));
        continue;
      }
      note("scoring with " + path);
      scores.push_back(std::move(score_input(path, {text_}, how_)[0]));
    }
    return scores;
  }

  /// The vocabulary whose counts make the classes: of --data, else of the first model that has one.
  std::shared_ptr<const Tokenizer> vocabulary(const std::vector<TokenScores>& a,
                                              const std::vector<TokenScores>& b) const {
    if (o_.data) return load_tokenizer(*o_.data);
    for (const auto* side : {&a, &b})
      for (const TokenScores& scores : *side)
        if (scores.tokenizer() != nullptr) return scores.shared_tokenizer();
    return nullptr;
  }

  const Command& command_;
  const Options& o_;
  std::vector<std::string> a_, b_;
  TextChoice text_;
  InputScoring how_;
  std::set<std::string> warned_;
};

int run(int argc, char** argv) {
  Command command("moe-compare",
                  "Compares two models on the same text: the difference in nats a token, B - A, with a paired 95 % "
                  "bootstrap interval, by token class and by source.",
                  "A[,A2...] B[,B2...] [--data DIR [--split test] | TEXT...] [options]");
  Options o;
  declare(command, o);
  if (const auto exit = command.parse(argc, argv)) return *exit;
  Comparer(command, o).run();
  return 0;
}

}  // namespace
}  // namespace moelm

int main(int argc, char** argv) {
  return moelm::main_guard([&] { return moelm::run(argc, argv); });
}
