// moe-grammar: writes text of the artificial languages with the exact log-probability of every line beside it.
#include "base/check.hpp"
#include "common/command.hpp"
#include "common/main_guard.hpp"
#include "common/output.hpp"
#include "grammar/grammar_corpus.hpp"
#include "io/file.hpp"

namespace moelm {
namespace {

struct Options {
  std::string out;
  std::optional<GrammarSource> source;
  std::optional<Index> seed, words, successors, line_length, topics, lines, held_out_lines;
};

void declare(Command& command, Options& o) {
  command.option("--out", "DIR", o.out, "folder for the mixture; the Markov source goes to DIR/markov");
  command.choice("--source", o.source, "write only this source, to DIR");
  command.option("--seed", "N", o.seed, 0, "seed of grammar and text; default: 1");
  command.option("--words", "N", o.words, 2, "vocabulary without the end of line; default: 200");
  command.option("--successors", "N", o.successors, 1, "words that may follow a word in one topic; default: 8");
  command.option("--line-length", "N", o.line_length, 2, "approximate mean number of words per line; default: 12");
  command.option("--topics", "N", o.topics, 2, "topics of the mixture; default: 8");
  command.option("--lines", "N", o.lines, 1, "lines of train; default: 20,000");
  command.option("--held-out-lines", "N", o.held_out_lines, 1, "lines of valid and of test; default: 1,000");
  command.example("--out grammar/", "both sources: text, SPLIT.logprob, SPLIT.classes, exact.json");
  command.example("--out tiny/ --source markov --words 20 --lines 500", "a small Markov source");
  command.exit_code(Exit::cannot_create, "a file exists already or cannot be created");
}

void require_range(const char* option, Index value, Index min, Index max) {
  require(value >= min && value <= max, Exit::usage,
          std::string(option) + ": expected " + std::to_string(min) + " to " + std::to_string(max) + ", found " +
              std::to_string(value));
}

GrammarCorpus corpus_of(const Options& o) {
  GrammarCorpus c;
  c.shape.words = o.words.value_or(c.shape.words);
  c.shape.successors = o.successors.value_or(c.shape.successors);
  c.shape.line_length = o.line_length.value_or(c.shape.line_length);
  c.topics = o.topics.value_or(c.topics);
  c.seed = static_cast<std::uint64_t>(o.seed.value_or(1));
  c.lines = o.lines.value_or(c.lines);
  c.held_out_lines = o.held_out_lines.value_or(c.held_out_lines);
  require_range("--words", c.shape.words, 2, 4900);
  require(c.shape.successors < c.shape.words && c.shape.successors <= 16, Exit::usage,
          "--successors: expected 1 to 16 and fewer than --words, found " + std::to_string(c.shape.successors));
  require_range("--line-length", c.shape.line_length, 2, 1000);
  require_range("--topics", c.topics, 2, 1000);
  return c;
}

void write_corpus(GrammarCorpus corpus, GrammarSource source, const std::string& folder) {
  corpus.source = source;
  const Json splits = write_grammar_corpus(corpus, folder)["splits"];
  print_line(folder + ": " + (source == GrammarSource::markov ? "Markov source" : "mixture of topics") + ", " +
             json_text(splits["train"]["tokens"]) + " training tokens, exact perplexity of test " +
             json_text(splits["test"]["perplexity"]));
}

int run(int argc, char** argv) {
  Options o;
  Command command("moe-grammar", "Writes artificial text whose probability is known exactly.", "--out DIR [options]");
  declare(command, o);
  if (const auto exit = command.parse(argc, argv)) return *exit;
  require(!o.out.empty(), Exit::usage, "--out: expected a folder, found none; see moe-grammar --help");
  const GrammarCorpus corpus = corpus_of(o);
  if (o.source) {
    write_corpus(corpus, *o.source, o.out);
  } else {
    write_corpus(corpus, GrammarSource::mixture, o.out);
    write_corpus(corpus, GrammarSource::markov, join_path(o.out, "markov"));
  }
  return 0;
}

}  // namespace
}  // namespace moelm

int main(int argc, char** argv) {
  return moelm::main_guard([&] { return moelm::run(argc, argv); });
}
