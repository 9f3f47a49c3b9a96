// moe-ngram: perplexity of a modified Kneser-Ney n-gram on the very tokens that moe-eval scores.
#include <cmath>
#include <functional>
#include <sstream>
#include <vector>

#include "base/check.hpp"
#include "base/finite.hpp"
#include "base/quantity.hpp"
#include "common/command.hpp"
#include "common/main_guard.hpp"
#include "common/output.hpp"
#include "data/dataset.hpp"
#include "data/token_cursor.hpp"
#include "io/json.hpp"
#include "ngram/kneser_ney.hpp"

namespace moelm {

namespace {

/// A document without an end is cut here, so that memory stays bounded.
constexpr std::size_t kLongestLine = 1 << 20;

/// Calls visit(tokens) for every line of a split, `</s>` included as its last token.
void for_each_line(const Dataset& data, Split split, const std::function<void(std::span<const std::int32_t>)>& visit) {
  TokenCursor cursor(data, split);
  std::vector<std::int32_t> line, block(1 << 16);
  while (const Index count = cursor.read(static_cast<Index>(block.size()), block.data())) {
    for (Index i = 0; i < count; ++i) {
      line.push_back(block[static_cast<std::size_t>(i)]);
      if (line.back() != data.tokenizer().end_id() && line.size() < kLongestLine) continue;
      visit(line);
      line.clear();
    }
  }
  if (!line.empty()) visit(line);
}

int run(int argc, char** argv) {
  std::vector<std::string> inputs;
  std::optional<Split> chosen_split;
  std::optional<Index> order;
  bool skip_blank = false;
  Command command("moe-ngram", "Perplexity of an interpolated modified Kneser-Ney n-gram trained on split train.",
                  "data/ [options]");
  command.positional("DATA", inputs, 1, 1, "a data folder of moe-tokenize");
  command.choice("--split", chosen_split, "what is scored (test)");
  command.option("--order", "N", order, 1, "longest n-gram, up to 8 (5)");
  command.flag("--skip-blank-lines", skip_blank, "neither count nor score lines without words, as KenLM does");
  command.json_flag("print JSON");
  command.example("data/", "5-gram perplexity of the test split");
  command.example("data/ --split valid --skip-blank-lines --json", "as KenLM counts, for scripts");
  command.exit_code(Exit::bad_data, "the data folder is damaged");
  command.exit_code(Exit::missing_input, "there is no such data folder");
  if (const auto exit = command.parse(argc, argv)) return *exit;
  const Split split = chosen_split.value_or(Split::test);
  const std::string split_name(enum_name(split));
  require(order.value_or(5) <= 8, Exit::usage, "--order: expected 1 to 8, found " + std::to_string(*order));

  const Dataset data = Dataset::open(inputs.front());
  KneserNey model(static_cast<int>(order.value_or(5)), data.tokenizer().vocabulary_size());
  const auto counts = [&](std::span<const std::int32_t> line) { return !skip_blank || line.size() > 1; };
  for_each_line(data, Split::train, [&](auto line) {
    if (counts(line)) model.count(line);
  });
  model.finish();

  double nats = 0;
  Index tokens = 0;
  for_each_line(data, split, [&](auto line) {
    if (!counts(line)) return;
    nats -= model.log_probability(line);
    tokens += static_cast<Index>(line.size());
  });
  require(tokens > 0, Exit::bad_data, inputs.front() + ": split " + split_name + ": expected tokens");
  const double perplexity = std::exp(nats / static_cast<double>(tokens));
  require(is_finite(perplexity), Exit::bad_data,
          inputs.front() + ": split " + split_name + ": perplexity: expected a finite number, found " +
              format_number(perplexity) + "; the training text gives some of its tokens no probability");
  if (command.json()) {
    print_json({{"order", order.value_or(5)},
                {"split", split_name},
                {"vocabulary", data.tokenizer().vocabulary_size()},
                {"ngrams", model.ngrams()},
                {"skip_blank_lines", skip_blank},
                {"tokens", tokens},
                {"nll_nats", nats},
                {"perplexity", perplexity}},
               -1);
  } else {
    std::ostringstream text;
    text << "modified Kneser-Ney " << order.value_or(5) << "-gram, " << model.ngrams() << " n-grams, vocabulary "
         << data.tokenizer().vocabulary_size() << "\n"
         << split_name << ": " << format_counted(tokens, "token") << ", perplexity " << perplexity << "\n";
    print_text(text.str());
  }
  return 0;
}

}  // namespace

}  // namespace moelm

int main(int argc, char** argv) {
  return moelm::main_guard([&] { return moelm::run(argc, argv); });
}
