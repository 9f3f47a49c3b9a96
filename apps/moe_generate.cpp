// moe-generate: text drawn from a trained model, and the probabilities and experts behind it.
#include "base/escape.hpp"
#include "base/quantity.hpp"
#include "base/stopwatch.hpp"
#include "base/version.hpp"
#include "common/command.hpp"
#include "common/main_guard.hpp"
#include "common/output.hpp"
#include "common/scoring_options.hpp"
#include "data/path_kind.hpp"
#include "evaluation/score_number.hpp"
#include "generation/detokenizer.hpp"
#include "generation/generated_rows.hpp"
#include "generation/prompt.hpp"
#include "model_files/model_store.hpp"

namespace moelm {
namespace {

constexpr Index kMaxSamples = 1000;    // the distributions of all are in memory at once
constexpr Index kTokensOfLine = 1000;  // where only lines are counted: some models never end one
constexpr Index kMaxLines = 1'000'000'000'000;

struct Options {
  std::vector<std::string> inputs;  // run
  std::string prompt;
  std::optional<double> temperature, top_p;
  std::optional<Index> top_k, seed, lines, tokens, samples;
  std::optional<StateKind> state;
  std::optional<DataType> dtype;
  bool allow_unknown = false, per_token = false;
};

void declare(Command& command, Options& o) {
  command.positional("RUN", o.inputs, 1, 1, "a run (its best checkpoint, else the newest) or a checkpoint folder");
  command.option("--prompt", "TEXT", o.prompt, "text to go on from; default: none, as at the start of a text");
  command.option("--lines", "N", o.lines, 1, "end after N lines; default: 1 without --tokens");
  command.option("--tokens", "N", o.tokens, 1, "end after N tokens; default: 1,000 for each line");
  command.option("--samples", "N", o.samples, 1, "that many texts side by side, at most 1,000; default: 1");
  command.option("--temperature", "T", o.temperature, 0,
                 "raise probabilities to the power 1 / T: below 1 for common words, above 1 for more variety, 0 for "
                 "the most probable token; default: 1, the model itself");
  command.option("--top-k", "K", o.top_k, 1, "draw from the K most probable tokens only; default: all");
  command.option("--top-p", "P", o.top_p, 0,
                 "then from the fewest most probable ones that together have the share P; default: 1, all");
  command.option("--seed", "N", o.seed, 0, "another seed, another text; default: 1");
  command.flag("--allow-unk", o.allow_unknown, "may also draw <unk>, which stands for any unknown word");
  command.flag("--per-token", o.per_token,
               "a row per token instead of text: sample, position, token, log10 probability (of the model, before "
               "temperature), then LAYER=EXPERT:GATE,... for each MoE layer");
  command.choice("--state", o.state,
                 "carry: one state through all lines; reset: every line from the zero state; default: as trained");
  declare_dtype(command, o.dtype);
  command.json_flag("an object per sample (with --per-token also per token), the last one a summary");
  command.hint({"length", "max-length", "max-tokens", "max-new-tokens", "n"}, "--tokens");
  command.hint({"num-samples", "num-return-sequences"}, "--samples");
  command.example("run/", "a line as the training text might have it");
  command.example("run/ --prompt 'In the beginning' --tokens 100 --temperature 0.8", "goes on from there");
  command.example("run/ --samples 20 --top-p 0.9 --seed 7", "twenty lines");
  command.example("run/ --tokens 30 --per-token", "which experts were at work");
  command.exit_code(Exit::bad_data, "the run is damaged");
  command.exit_code(Exit::missing_input, "the run or its checkpoint is missing");
  command.exit_code(Exit::diverged, "the model has diverged: its probabilities are not numbers");
  command.exit_code(Exit::bad_config, "the checkpoint does not fit the run");
}

void check_usage(const Options& o) {
  if (o.top_p && (*o.top_p <= 0 || *o.top_p > 1))
    throw Error(Exit::usage, "--top-p: expected more than 0 and at most 1, found " + format_number(*o.top_p));
  if (o.samples.value_or(1) > kMaxSamples)
    throw Error(Exit::usage, "--samples: expected at most " + format_count(kMaxSamples) + ", found " +
                                 std::to_string(*o.samples) + "; another --seed gives others");
  if (o.lines.value_or(1) > kMaxLines)
    throw Error(Exit::usage,
                "--lines: expected at most " + format_count(kMaxLines) + ", found " + std::to_string(*o.lines));
}

Generation generation_of(const Options& o, StateKind trained) {
  Generation how;
  how.sampling = {o.temperature.value_or(1), o.top_k.value_or(0), o.top_p.value_or(1)};
  how.seed = static_cast<std::uint64_t>(o.seed.value_or(1));
  how.samples = o.samples.value_or(1);
  how.max_lines = o.lines.value_or(o.tokens ? 0 : 1);
  how.max_tokens = o.tokens.value_or(kTokensOfLine * how.max_lines);
  how.state = o.state.value_or(trained);
  how.allow_unknown = o.allow_unknown;
  return how;
}

/// One text and what it is made of.
struct Sample {
  explicit Sample(const Tokenizer& tokenizer) : detokenizer(tokenizer) {}

  Detokenizer detokenizer;
  std::string text;         // after the prompt
  std::size_t printed = 0;  // of it
  Index tokens = 0;
  double log_p = 0;
  bool begun = false, ended = false, at_line_end = false;
};

class Writer {
 public:
  Writer(const Command& command, const Options& o)
      : command_(command),
        o_(o),
        threads_(command.threads()),
        context_(threads_.threads, o.dtype.value_or(DataType::f32)),
        model_(load_model(o.inputs[0])),
        how_(generation_of(o, model_.run.config.train.state)),
        predictor_(context_, model_.run.config.model, model_.parameters),
        prompt_(encode_prompt(*model_.tokenizer, o.prompt, how_.state)),
        generator_(predictor_, *model_.tokenizer, how_, prompt_.ids),
        samples_(static_cast<std::size_t>(how_.samples), Sample(*model_.tokenizer)) {
    for (Sample& sample : samples_) sample.detokenizer.follow(o.prompt);
  }

  void run() {
    announce();
    Stopwatch watch;
    const GeneratedRows rows(*model_.tokenizer, predictor_, model_.parameters.layers.size(), command_.json());
    while (true) {
      const auto step = generator_.step();
      if (step.empty()) break;
      for (const GeneratedToken& token : step) add(token);
      if (o_.per_token) {
        std::string text;
        rows.append(step, text);
        print_text(text);
      } else if (!command_.json()) {
        print_ready();
      }
      flush_output();
      require_printed();
    }
    if (command_.json()) print_summary(watch.seconds());
    say_unfinished();
  }

 private:
  void note(const std::string& text) const {
    if (!command_.quiet()) say_line(text);
  }

  void announce() const {
    note("moelm " + std::string(version()) + ", " + format_counted(threads_.threads, "thread") + " (" +
         threads_.source + "), " + data_type_name(context_.products()) + ", " + model_.checkpoint + ", seed " +
         std::to_string(how_.seed));
    for (const std::string& warning : model_.warnings) note("warning: " + warning);
    if (const std::string unknown = prompt_note(prompt_); !unknown.empty()) note("warning: " + unknown);
  }

  void add(const GeneratedToken& token) {
    Sample& sample = samples_[static_cast<std::size_t>(token.sample)];
    sample.text += sample.detokenizer.next(token.token);
    ++sample.tokens;
    sample.log_p += token.log_p;
    sample.ended = token.ends_sample;
    sample.at_line_end = token.ends_line;
  }

  /// Prints the texts one after the other: of the first that has not ended, as much as there is.
  void print_ready() {
    for (; current_ < samples_.size(); ++current_) {
      Sample& sample = samples_[current_];
      if (!sample.begun) print_bytes(o_.prompt);
      sample.begun = true;
      print_bytes(std::string_view(sample.text).substr(sample.printed));
      sample.printed = sample.text.size();
      if (!sample.ended) return;
      if (!sample.text.ends_with('\n') && !is_exact()) print_bytes("\n");
      if (how_.max_lines != 1 && current_ + 1 < samples_.size()) print_bytes("\n");
    }
  }

  /// One sample of a tokenizer that keeps bytes is printed byte for byte.
  bool is_exact() const { return model_.tokenizer->keeps_bytes() && samples_.size() == 1; }

  void print_summary(double seconds) const {
    Index tokens = 0;
    for (std::size_t i = 0; i < samples_.size(); ++i) {
      const Sample& sample = samples_[i];
      tokens += sample.tokens;
      print_json({{"type", "sample"},
                  {"sample", i + 1},
                  {"prompt", to_valid_utf8(o_.prompt)},
                  {"text", to_valid_utf8(sample.text)},
                  {"tokens", sample.tokens},
                  {"log10", log10_of_nll(-sample.log_p)},
                  {"ends_line", sample.at_line_end}},
                 -1);
    }
    print_json({{"type", "summary"},
                {"samples", samples_.size()},
                {"tokens", tokens},
                {"prompt_tokens", prompt_.ids.size()},
                {"prompt_oov", prompt_.unknown_words},
                {"seed", how_.seed},
                {"state", enum_name(how_.state)},
                {"checkpoint", to_valid_utf8(model_.checkpoint)},
                {"step", model_.step},
                {"dtype", data_type_name(context_.products())},
                {"seconds", seconds}},
               -1);
  }

  void say_unfinished() const {
    if (o_.tokens) return;
    Index unfinished = 0;
    for (const Sample& sample : samples_) unfinished += sample.tokens == how_.max_tokens && !sample.at_line_end ? 1 : 0;
    if (unfinished > 0)
      note("warning: " + format_counted(unfinished, "sample") + " stopped after " + format_count(how_.max_tokens) +
           " tokens without the last line end; --tokens N sets the limit");
  }

  const Command& command_;
  const Options& o_;
  ThreadChoice threads_;
  Context context_;
  LoadedModel model_;
  Generation how_;
  Predictor predictor_;
  Prompt prompt_;
  Generator generator_;
  std::vector<Sample> samples_;
  std::size_t current_ = 0;  // the sample that is being printed
};

int run(int argc, char** argv) {
  Command command("moe-generate", "Writes text drawn from a trained model.", "RUN [--prompt TEXT] [options]");
  Options o;
  declare(command, o);
  if (const auto exit = command.parse(argc, argv)) return *exit;
  check_usage(o);
  require_run_path(o.inputs[0], "moe-generate");
  Writer(command, o).run();
  return 0;
}

}  // namespace
}  // namespace moelm

int main(int argc, char** argv) {
  return moelm::main_guard([&] { return moelm::run(argc, argv); });
}
