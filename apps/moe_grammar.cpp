// moe-grammar: writes text of the artificial languages with the exact log-probability of every line beside it.
#include <array>
#include <charconv>
#include <cmath>

#include "base/check.hpp"
#include "common/command.hpp"
#include "common/main_guard.hpp"
#include "common/output.hpp"
#include "grammar/topic_mixture.hpp"
#include "io/file.hpp"
#include "io/json.hpp"

namespace moelm {

namespace {

enum class Source { mixture, markov };

}  // namespace

template <>
struct EnumNames<Source> {
  static constexpr std::array<std::pair<std::string_view, Source>, 2> values = {
      {{"mixture", Source::mixture}, {"markov", Source::markov}}};
};

namespace {

struct Options {
  std::string out;
  std::optional<Source> source;
  std::optional<Index> seed, words, successors, line_length, topics, lines, held_out_lines;
};

/// Appends to a file in large pieces.
class TextOut {
 public:
  explicit TextOut(const std::string& path) : file_(File::create(path)) {}
  void line(std::string_view text) {
    buffer_.append(text).push_back('\n');
    if (buffer_.size() > (1 << 20)) flush();
  }
  void close() {
    flush();
    file_.close();
  }

 private:
  void flush() {
    file_.write_all(buffer_);
    buffer_.clear();
  }
  File file_;
  std::string buffer_;
};

std::string shortest(double value) {
  std::array<char, 32> text;
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

std::string spell(const GrammarLine& line) {
  std::string text;
  for (const Index word : line.words) text.append(text.empty() ? "" : " ").append(grammar_word(word));
  return text;
}

/// SPLIT.txt, SPLIT.logprob (log10, one number a line) and, for a mixture, SPLIT.classes; returns the sums.
Json write_split(const TopicMixture& mixture, const std::string& folder, const char* split, Index lines,
                 std::uint64_t seed) {
  const std::string path = join_path(folder, split);
  const RandomStream stream(seed, split, mixture.topics());
  TextOut text(path + ".txt"), log_probabilities(path + ".logprob");
  std::optional<TextOut> classes;
  if (mixture.topics() > 1) classes.emplace(path + ".classes");
  double nats = 0;
  Index tokens = 0;
  for (Index n = 0; n < lines; ++n) {
    const GrammarLine line = mixture.line(stream, n);
    const double log_probability = mixture.log_probability(line.words);
    nats -= log_probability;
    tokens += static_cast<Index>(line.words.size()) + 1;
    text.line(spell(line));
    log_probabilities.line(shortest(log_probability / std::log(10.0)));
    if (classes) classes->line("topic" + std::to_string(line.topic));
  }
  text.close();
  log_probabilities.close();
  if (classes) classes->close();
  const double mean = nats / static_cast<double>(tokens);
  return {{"lines", lines},
          {"tokens", tokens},
          {"log_probability_nats", -nats},
          {"nats_per_token", mean},
          {"perplexity", std::exp(mean)}};
}

void write_source(const Options& options, bool markov, const std::string& folder) {
  const ChainShape shape{options.words.value_or(ChainShape{}.words),
                         options.successors.value_or(ChainShape{}.successors),
                         options.line_length.value_or(ChainShape{}.line_length)};
  const auto seed = static_cast<std::uint64_t>(options.seed.value_or(1));
  const TopicMixture mixture = random_mixture(shape, markov ? 1 : options.topics.value_or(8), seed);
  make_directories(folder);
  // The texts refuse to replace anything by themselves; this one would be replaced after the work.
  const std::string exact_path = join_path(folder, "exact.json");
  require(!path_exists(exact_path), Exit::cannot_create, exact_path + ": is there already; give another --out");
  Json exact = {{"source", markov ? "markov" : "mixture"},
                {"seed", seed},
                {"words", shape.words},
                {"successors", shape.successors},
                {"line_length", shape.line_length},
                {"topics", mixture.topics()}};
  if (markov) exact["entropy_rate_nats"] = mixture.topic(0).entropy_rate();
  Json splits;
  const Index held_out = options.held_out_lines.value_or(1000);
  splits["train"] = write_split(mixture, folder, "train", options.lines.value_or(20000), seed);
  splits["valid"] = write_split(mixture, folder, "valid", held_out, seed);
  splits["test"] = write_split(mixture, folder, "test", held_out, seed);
  exact["splits"] = splits;
  write_file_atomic(exact_path, json_text(exact, 2) + "\n");
  print_line(folder + ": " + (markov ? "Markov source" : "mixture of topics") + ", " +
             json_text(splits["train"]["tokens"]) + " training tokens, exact perplexity of test " +
             json_text(splits["test"]["perplexity"]));
}

void check_shape(const Options& options) {
  const Index words = options.words.value_or(ChainShape{}.words);
  const Index successors = options.successors.value_or(ChainShape{}.successors);
  require(words >= 2 && words <= 4900, Exit::usage, "--words: expected 2 to 4900, found " + std::to_string(words));
  require(successors < words && successors <= 16, Exit::usage,
          "--successors: expected 1 to 16 and fewer than --words, found " + std::to_string(successors));
  require(options.line_length.value_or(12) <= 1000, Exit::usage, "--line-length: expected 2 to 1000");
  require(options.topics.value_or(8) <= 1000, Exit::usage, "--topics: expected 2 to 1000");
}

int run(int argc, char** argv) {
  Options options;
  Command command("moe-grammar", "Writes artificial text whose probability is known exactly.", "--out DIR [options]");
  command.option("--out", "DIR", options.out, "folder of the mixture; the Markov source goes to DIR/markov");
  command.choice("--source", options.source, "only this one, into DIR");
  command.option("--seed", "N", options.seed, 0, "of grammar and text (1)");
  command.option("--words", "N", options.words, 2, "vocabulary without the end of line (200)");
  command.option("--successors", "N", options.successors, 1, "words that may follow a word in one topic (8)");
  command.option("--line-length", "N", options.line_length, 2, "mean number of words a line, about (12)");
  command.option("--topics", "N", options.topics, 2, "topics of the mixture (8)");
  command.option("--lines", "N", options.lines, 1, "lines of train (20,000)");
  command.option("--held-out-lines", "N", options.held_out_lines, 1, "lines of valid and of test (1,000)");
  command.example("--out grammar/", "both sources: text, SPLIT.logprob, SPLIT.classes, exact.json");
  command.example("--out tiny/ --source markov --words 20 --lines 500", "a small Markov source");
  command.exit_code(Exit::cannot_create, "a file exists already or cannot be created");
  if (const auto exit = command.parse(argc, argv)) return *exit;
  require(!options.out.empty(), Exit::usage, "--out: expected a folder; see moe-grammar --help");
  check_shape(options);
  if (options.source) {
    write_source(options, *options.source == Source::markov, options.out);
  } else {
    write_source(options, false, options.out);
    write_source(options, true, join_path(options.out, "markov"));
  }
  return 0;
}

}  // namespace

}  // namespace moelm

int main(int argc, char** argv) {
  return moelm::main_guard([&] { return moelm::run(argc, argv); });
}
