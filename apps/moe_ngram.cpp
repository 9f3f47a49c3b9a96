// moe-ngram: perplexity of a modified Kneser-Ney n-gram on the very tokens that moe-eval scores.
#include <sstream>

#include "base/check.hpp"
#include "base/quantity.hpp"
#include "common/command.hpp"
#include "common/main_guard.hpp"
#include "common/output.hpp"
#include "io/json.hpp"
#include "ngram/ngram_evaluation.hpp"

namespace moelm {
namespace {

Json json_of(const NgramEvaluation& result, const NgramOptions& options, Index vocabulary) {
  return {{"order", options.order},
          {"split", enum_name(options.split)},
          {"vocabulary", vocabulary},
          {"ngrams", result.ngrams},
          {"skip_blank_lines", options.skip_blank_lines},
          {"tokens", result.tokens},
          {"nll_nats", result.nll},
          {"perplexity", result.perplexity()}};
}

std::string text_of(const NgramEvaluation& result, const NgramOptions& options, Index vocabulary) {
  std::ostringstream text;
  text << "modified Kneser-Ney " << options.order << "-gram, " << format_counted(result.ngrams, "n-gram")
       << ", vocabulary " << format_count(vocabulary) << "\n"
       << enum_name(options.split) << ": " << format_counted(result.tokens, "token") << ", perplexity "
       << result.perplexity() << "\n";
  return text.str();
}

int run(int argc, char** argv) {
  std::vector<std::string> inputs;
  std::optional<Split> split;
  std::optional<Index> order;
  NgramOptions options;
  Command command("moe-ngram", "Perplexity of an interpolated modified Kneser-Ney n-gram trained on split train.",
                  "data/ [options]");
  command.positional("DATA", inputs, 1, 1, "a data folder of moe-tokenize");
  command.choice("--split", split, "split to score; default: test");
  command.option("--order", "N", order, 1, "longest n-gram, 1 to 8; default: 5");
  command.flag("--skip-blank-lines", options.skip_blank_lines,
               "neither count nor score lines without words, as KenLM does");
  command.json_flag("the result as one JSON object on stdout");
  command.example("data/", "5-gram perplexity of the test split");
  command.example("data/ --split valid --skip-blank-lines --json", "as KenLM counts, for scripts");
  command.exit_code(Exit::bad_data, "the data folder is damaged, or the split is empty");
  command.exit_code(Exit::missing_input, "the data folder is missing");
  if (const auto exit = command.parse(argc, argv)) return *exit;
  options.split = split.value_or(options.split);
  options.order = order.value_or(options.order);
  require(options.order <= kMaxNgramOrder, Exit::usage,
          "--order: expected 1 to " + std::to_string(kMaxNgramOrder) + ", found " + std::to_string(options.order));

  const Dataset data = Dataset::open(inputs.front());
  const NgramEvaluation result = evaluate_ngram(data, options);
  const Index vocabulary = data.tokenizer().vocabulary_size();
  if (command.json())
    print_json(json_of(result, options, vocabulary), -1);
  else
    print_text(text_of(result, options, vocabulary));
  return 0;
}

}  // namespace
}  // namespace moelm

int main(int argc, char** argv) {
  return moelm::main_guard([&] { return moelm::run(argc, argv); });
}
