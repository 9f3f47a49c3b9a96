// moe-ngram: scores of a modified Kneser-Ney n-gram on the very tokens that moe-eval scores.
#include <sstream>

#include "base/check.hpp"
#include "base/escape.hpp"
#include "base/quantity.hpp"
#include "common/command.hpp"
#include "common/main_guard.hpp"
#include "common/output.hpp"
#include "common/scoring_options.hpp"
#include "data/path_kind.hpp"
#include "evaluation/score_rows.hpp"
#include "evaluation/score_summary.hpp"
#include "ngram/ngram_evaluation.hpp"

namespace moelm {
namespace {

struct Options {
  std::vector<std::string> inputs;  // data folder, then the text
  std::optional<Split> split;
  std::optional<Index> order;
  std::optional<std::string> log_base;
  bool skip_blank_lines = false, per_sentence = false, per_token = false;

  bool rows() const { return per_sentence || per_token; }
  bool has_text() const { return inputs.size() > 1; }
};

void declare(Command& command, Options& o) {
  command.positional("DATA [TEXT]", o.inputs, 1, 2,
                     "a data folder of moe-tokenize; then a text (plain or compressed, - for standard input) instead "
                     "of a split of it");
  declare_split(command, o.split);
  command.option("--order", "N", o.order, 1, "longest n-gram, 1 to 8; default: 5");
  command.flag("--skip-blank-lines", o.skip_blank_lines, "neither count nor score lines without words, as KenLM does");
  declare_rows(command, o.per_sentence, o.per_token);
  declare_log_base(command, o.log_base);
  declare_json_rows(command);
  command.hint({"ppl", "text", "input"}, "the text after the data: moe-ngram data/ TEXT");
  command.example("data/", "5-gram perplexity of the test split");
  command.example("data/ --split valid --skip-blank-lines --json", "as KenLM counts, for scripts");
  command.example("data/ chapter.txt.gz --per-token", "how probable each word of a text is, for moe-mix");
  command.exit_code(Exit::bad_data, "the data folder or the text is damaged, or holds no text");
  command.exit_code(Exit::missing_input, "the data folder or the text is missing");
}

void check_usage(const Options& o) {
  if (o.has_text() && o.split)
    throw Error(Exit::usage, o.inputs[1] + ": expected either a text or --split, found both");
  if (o.order.value_or(1) > kMaxNgramOrder)
    throw Error(Exit::usage,
                "--order: expected 1 to " + std::to_string(kMaxNgramOrder) + ", found " + std::to_string(*o.order));
  chosen_log_base(o.log_base, o.rows());
}

class NgramProgram {
 public:
  NgramProgram(const Command& command, const Options& o)
      : command_(command),
        o_(o),
        data_(Dataset::open(o.inputs[0])),
        order_(o.order.value_or(kDefaultNgramOrder)),
        model_(train_ngram(data_, order_, o.skip_blank_lines)),
        rows_(data_.tokenizer(), o.per_token ? RowKind::token : RowKind::sentence, command.json(),
              chosen_log_base(o.log_base, o.rows())) {}

  void run() {
    if (o_.has_text())
      score_text();
    else
      score_split();
    print();
  }

 private:
  NgramScoring scoring(bool from_pipe) {
    NgramScoring how{o_.skip_blank_lines, o_.per_token, {}};
    if (!o_.rows()) return how;
    how.sink = [this, from_pipe](std::span<const ScoredPart> parts) {
      std::string text;
      rows_.append(parts, text);
      print_checked(text);
      if (from_pipe) flush_output();
    };
    return how;
  }

  void score_text() {
    const Tokenizer& tokenizer = data_.tokenizer();
    TextSource source = TextSource::open(o_.inputs[1], {}, text_bytes(tokenizer.kind()));
    full_name_ = short_name_ = source.name();
    result_ = score_ngram(model_, tokenizer, source, scoring(source.is_interactive()));
    for (const std::string& note : text_notes(result_.text, tokenizer.keeps_bytes()))
      if (!command_.quiet()) say_line("warning: " + full_name_ + ": " + note);
  }

  void score_split() {
    const Split split = o_.split.value_or(Split::test);
    full_name_ = split_name(data_, split);
    short_name_ = enum_name(split);
    result_ = score_ngram(model_, data_, split, scoring(false));
  }

  void print() {
    if (o_.rows()) {
      std::string last_row;
      rows_.finish(last_row);
      print_checked(last_row);
    }
    if (command_.json()) {
      print_json(json(), -1);
    } else if (!o_.rows()) {
      print_text(text());
    } else {
      flush_output();
      if (!command_.quiet()) say_text(text());
    }
  }

  Json json() const {
    Json summary = score_summary(full_name_, result_);
    summary.update({{"policy", ngram_policy(data_.tokenizer(), order_, o_.skip_blank_lines)},
                    {"order", order_},
                    {"split", o_.has_text() ? Json(nullptr) : Json(short_name_)},
                    {"vocabulary", data_.tokenizer().vocabulary_size()},
                    {"ngrams", model_.ngrams()},
                    {"skip_blank_lines", o_.skip_blank_lines}});
    return summary;
  }

  std::string text() const {
    std::ostringstream text;
    text << "modified Kneser-Ney " << order_ << "-gram, " << format_counted(model_.ngrams(), "n-gram")
         << ", vocabulary " << format_count(data_.tokenizer().vocabulary_size()) << "\n"
         << escape_terminal(short_name_) << ": " << format_counted(result_.scores.tokens, "token") << ", perplexity "
         << result_.scores.perplexity() << "\n";
    return text.str();
  }

  const Command& command_;
  const Options& o_;
  Dataset data_;
  Index order_;
  KneserNey model_;
  ScoreRows rows_;
  TextEvaluation result_;
  std::string full_name_, short_name_;  // of the text
};

int run(int argc, char** argv) {
  Command command("moe-ngram", "Scores a text with an interpolated modified Kneser-Ney n-gram trained on split train.",
                  "DATA [--split test | TEXT | -] [options]");
  Options o;
  declare(command, o);
  if (const auto exit = command.parse(argc, argv)) return *exit;
  check_usage(o);
  require_data_path(o.inputs[0]);
  if (o.has_text()) require_text_path(o.inputs[1], "moe-ngram");
  NgramProgram(command, o).run();
  return 0;
}

}  // namespace
}  // namespace moelm

int main(int argc, char** argv) {
  return moelm::main_guard([&] { return moelm::run(argc, argv); });
}
