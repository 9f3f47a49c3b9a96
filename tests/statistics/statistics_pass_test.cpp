// The pass over a text equals scoring token by token; routes come in order.
#include "statistics/statistics_pass.hpp"

#include <cmath>
#include <sstream>

#include "evaluation/scorer.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"
#include "tokenizer/byte_tokenizer.hpp"
#include "tokenizer/vocabulary_tokenizer.hpp"

using namespace moelm;

namespace {

std::unique_ptr<Tokenizer> word_tokenizer() {
  Vocabulary v;
  for (const char* word : {"</s>", "a", "b", "c", "d", "e", "<unk>"}) v.words.add(word);
  v.counts = {9, 8, 7, 6, 5, 4, 3};
  return make_vocabulary_tokenizer(TokenizerKind::word, false, std::move(v));
}

/// embedding 8, MoE of 5 experts, LSTM, MoE of 4, softmax; weights far from their initial zeros.
struct TinyModel {
  explicit TinyModel(Index vocabulary) {
    MoeConfig first, second;
    first.experts = 5;
    first.k = 2;
    first.hidden = {6};
    second = first;
    second.experts = 4;
    second.k = 1;
    config.layers = {EmbeddingConfig{8}, first, LstmConfig{8, 0}, second, SoftmaxConfig{}};
    parameters = make_parameters(config, vocabulary);
    unsigned state = 1;
    for (const NamedTensor& tensor : named_tensors(parameters))
      for (float& v : tensor.values->values()) {
        state = state * 1664525U + 1013904223U;
        v = static_cast<float>(state >> 8) / static_cast<float>(1U << 24) - 0.5F;
      }
  }
  ModelConfig config;
  ModelParameters parameters;
};

struct Reference {
  std::vector<std::vector<Index>> tokens = {std::vector<Index>(5), std::vector<Index>(4)};
  double nll = 0;
};

/// Scores one token per call, from the zero state where `begins` is true.
Reference one_by_one(const TinyModel& model, const Tokenizer& tokenizer, const std::vector<std::int32_t>& ids,
                     const std::function<bool(Index)>& begins) {
  Context context(1);
  Scorer scorer(context, model.config, model.parameters);
  Reference reference;
  scorer.observe([&](const Batch&, std::span<const RowOrigin>, const ModelCache& cache, std::span<const double> nll) {
    reference.nll += nll[0];
    for (std::size_t l = 0; l < 2; ++l)
      for (const std::int32_t e : routing_of(cache, l == 0 ? 1 : 3)->expert) ++reference.tokens[l][e];
  });
  std::vector<std::int32_t> previous;
  ModelState state;
  std::vector<std::vector<double>> nll;
  for (Index i = 0; i < static_cast<Index>(ids.size()); ++i) {
    if (begins(i)) scorer.restart(1, tokenizer.end_id(), previous, state);
    const std::vector<std::span<const std::int32_t>> one = {std::span(ids).subspan(static_cast<std::size_t>(i), 1)};
    scorer.score(one, previous, state, nll);
  }
  return reference;
}

void check_equal(const StatisticsReport& report, const Reference& reference, Index tokens) {
  CHECK(report.tokens == tokens);
  CHECK(std::log(report.perplexity) * static_cast<double>(tokens) == Approx(reference.nll).epsilon(1e-5));
  REQUIRE(report.layers.size() == 2);
  for (std::size_t l = 0; l < 2; ++l)
    for (std::size_t e = 0; e < reference.tokens[l].size(); ++e)
      CHECK(report.layers[l].statistics.use[e].tokens == reference.tokens[l][e]);
  CHECK(report.layers[0].statistics.layer == 1);
  CHECK(report.layers[1].statistics.layer == 3);
  CHECK(report.layers[0].statistics.k_mean == Approx(2));
}

std::vector<std::int32_t> values_of(const PackedIntegers& packed) {
  std::vector<std::int32_t> values(packed.size());
  packed.read(0, packed.size(), values.data());
  return values;
}

std::vector<Index> values_of(const LineEnds& ends) {
  std::vector<Index> values;
  for (Index line = 0; line < ends.size(); ++line) values.push_back(ends[line]);
  return values;
}

StatisticsText sample_text(Index lines) {
  StatisticsText text;
  for (Index line = 0; line < lines; ++line) {
    for (Index i = 0; i < line * 7 % 11; ++i) text.ids.push_back(static_cast<std::int32_t>(1 + (line * 5 + i * i) % 6));
    text.ids.push_back(0);
    text.line_ends.push_back(text.tokens());
  }
  text.inputs = {{"x", 0, lines}};
  return text;
}

}  // namespace

TEST_CASE("a pass in carry state equals scoring token by token") {
  const auto tokenizer = word_tokenizer();
  const TinyModel model(7);
  const StatisticsText text = sample_text(700);
  REQUIRE(text.tokens() > 3000);  // more than one batch
  Context context(2);
  const StatisticsReport report =
      collect_statistics(context, model.config, model.parameters, *tokenizer, text, classes_by_token(*tokenizer), {});
  check_equal(report, one_by_one(model, *tokenizer, values_of(text.ids), [](Index i) { return i == 0; }),
              text.tokens());
}

TEST_CASE("a pass in reset state equals scoring every line alone, long lines too") {
  const auto tokenizer = word_tokenizer();
  const TinyModel model(7);
  StatisticsText text = sample_text(300);
  for (Index i = 0; i < 5000; ++i) text.ids.push_back(static_cast<std::int32_t>(1 + i * i % 5));
  text.ids.push_back(0);
  text.line_ends.push_back(text.tokens());
  StatisticsPass pass;
  pass.state = StateKind::reset;
  Context context(1);
  const StatisticsReport report =
      collect_statistics(context, model.config, model.parameters, *tokenizer, text, classes_by_token(*tokenizer), pass);
  const auto begins = [&](Index i) { return i == 0 || text.ids[i - 1] == 0; };
  check_equal(report, one_by_one(model, *tokenizer, values_of(text.ids), begins), text.tokens());
}

TEST_CASE("several streams see every token once") {
  const auto tokenizer = word_tokenizer();
  const TinyModel model(7);
  const StatisticsText text = sample_text(500);
  StatisticsPass pass;
  pass.streams = 7;
  Index told = 0;
  pass.progress = [&](Index done) { told = done; };
  Context context(1);
  const StatisticsReport report =
      collect_statistics(context, model.config, model.parameters, *tokenizer, text, classes_by_token(*tokenizer), pass);
  const Index parts = text.tokens();
  const auto begins = [&](Index i) {
    for (Index b = 0; b < 7; ++b)
      if (i == b * parts / 7) return true;
    return false;
  };
  check_equal(report, one_by_one(model, *tokenizer, values_of(text.ids), begins), parts);
  CHECK(told == parts);
}

TEST_CASE("routes have a line for every token and layer, in the order of the text") {
  const auto tokenizer = word_tokenizer();
  const TinyModel model(7);
  StatisticsText text = sample_text(2500);  // lines of several batches, and one in parts
  for (Index i = 0; i < 5000; ++i) text.ids.push_back(static_cast<std::int32_t>(1 + i * i % 5));
  text.ids.push_back(0);
  text.line_ends.push_back(text.tokens());
  REQUIRE(text.tokens() > 10'000);
  for (const StateKind state : {StateKind::carry, StateKind::reset}) {
    std::ostringstream out;
    StatisticsPass pass;
    pass.state = state;
    pass.routes = [&out](std::string_view lines) { out << lines; };
    Context context(1);
    collect_statistics(context, model.config, model.parameters, *tokenizer, text, classes_by_token(*tokenizer), pass);
    std::istringstream lines(out.str());
    Index count = 0;
    std::string header;
    std::getline(lines, header);
    REQUIRE(header == "token_index\tline\ttoken\tlayer\texpert_1\texpert_2");
    for (std::string line; std::getline(lines, line); ++count) {
      std::istringstream fields(line);
      Index index = 0, line_number = 0, layer = 0;
      std::string token, choice;
      fields >> index >> line_number >> token >> layer;
      const Index row = count / 2;
      REQUIRE(index == row);
      REQUIRE(line_number == text.line_of(row) + 1);
      REQUIRE(token == (row == 0 ? "</s>" : tokenizer->token_text(text.ids[row - 1])));
      REQUIRE(layer == (count % 2 == 0 ? 1 : 3));
      double gates = 0;
      while (fields >> choice) gates += std::stod(choice.substr(choice.find(':') + 1));
      REQUIRE(gates == Approx(1).epsilon(1e-4));
    }
    CHECK(count == 2 * text.tokens());
  }
}

TEST_CASE("classes by file and by label follow the line of the predicted token") {
  const auto tokenizer = word_tokenizer();
  TemporaryDirectory directory;
  put_file(directory / "one.txt", "a b\nc\n");
  std::ofstream(directory / "two.txt") << "\xef\xbb\xbf"
                                          "d zzz\n\ne";
  put_file(directory / "labels", "\xef\xbb\xbftwo\none\ntwo\n\none\n");
  const StatisticsText text = load_texts({directory / "one.txt", directory / "two.txt"}, *tokenizer, StateKind::carry);
  CHECK(values_of(text.ids) == std::vector<std::int32_t>{1, 2, 0, 3, 0, 4, 6, 0, 0, 5, 0});
  CHECK(values_of(text.line_ends) == std::vector<Index>{3, 5, 8, 9, 11});
  CHECK(text.facts.unknown_words == 1);
  const RowClasses files = classes_by_file(text), labels = classes_by_label(text, directory / "labels");
  CHECK(files.names == std::vector<std::string>{"one.txt", "two.txt"});
  CHECK(values_of(files.line_class) == std::vector<std::int32_t>{0, 0, 1, 1, 1});
  CHECK(values_of(labels.line_class) == std::vector<std::int32_t>{1, 0, 1, -1, 0});
  const TinyModel model(7);
  Context context(1);
  const StatisticsReport report =
      collect_statistics(context, model.config, model.parameters, *tokenizer, text, labels, {});
  CHECK(report.layers[0].statistics.label_rows == std::vector<Index>{4, 6});
  CHECK_FALSE(report.classes_of_tokens);

  put_file(directory / "labels", "x\n");
  const std::string message = error_text([&] { classes_by_label(text, directory / "labels"); });
  CHECK(message.find("expected 5, one label for each line of the text, found 1") != std::string::npos);
}

TEST_CASE("in bytes, lines end with newlines and documents with </s>, which belongs to their last line") {
  const auto tokenizer = make_byte_tokenizer(std::vector<Index>(257, 1));
  TemporaryDirectory directory;
  put_file(directory / "one", "ab\nc\n");
  put_file(directory / "two", "d");
  StatisticsText text = load_texts({directory / "one", directory / "two"}, *tokenizer, StateKind::carry);
  CHECK(values_of(text.ids) == std::vector<std::int32_t>{'a', 'b', '\n', 'c', '\n', 256, 'd', 256});
  CHECK(values_of(text.line_ends) == std::vector<Index>{3, 6, 8});
  CHECK(text.inputs[0].end == 2);
  CHECK(text.inputs[1].end == 3);
  text = load_texts({directory / "one", directory / "two"}, *tokenizer, StateKind::reset);
  CHECK(values_of(text.ids) == std::vector<std::int32_t>{'a', 'b', '\n', 256, 'c', '\n', 256, 'd', 256});
  CHECK(values_of(text.line_ends) == std::vector<Index>{4, 7, 9});
}
