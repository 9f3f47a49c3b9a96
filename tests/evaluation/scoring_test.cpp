#include <cmath>
#include <numeric>

#include "batch/split_lines.hpp"
#include "data/token_cursor.hpp"
#include "evaluation/text_evaluation.hpp"
#include "support/catch.hpp"
#include "support/close.hpp"
#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"
#include "support/tiny_data.hpp"
#include "tokenizer/byte_tokenizer.hpp"

using namespace moelm;

namespace {

using Ids = std::vector<std::int32_t>;

/// Scores by definition: one token at a time through the layers, then the whole distribution, without batches.
class SlowModel {
 public:
  SlowModel(const ModelConfig& config, const ModelParameters& parameters) : config_(config), parameters_(parameters) {}

  std::vector<double> score(const Ids& ids, std::int32_t end_id) {
    ModelState state;
    state.reset(parameters_, 1);
    std::vector<double> nll;
    for (std::size_t t = 0; t < ids.size(); ++t) {
      const std::vector<double> p = step(t == 0 ? end_id : ids[t - 1], state);
      nll.push_back(-p[static_cast<std::size_t>(ids[t])]);
    }
    return nll;
  }

 private:
  /// ln p of every token after `input`.
  std::vector<double> step(std::int32_t input, ModelState& state) {
    Batch batch{Sequence(1, 1), {input}, {0}};
    ModelCache cache;
    model_forward(context_, config_, parameters_, batch, {}, state, cache);
    const auto& softmax = std::get<SoftmaxParameters>(parameters_.layers.back());
    Matrix log_p(1, softmax.weight.rows());
    SoftmaxCache scratch;
    softmax_log_probabilities(context_, softmax, cache.x[cache.x.size() - 2], scratch, log_p);
    return {log_p.values().begin(), log_p.values().end()};
  }

  const ModelConfig& config_;
  const ModelParameters& parameters_;
  Context context_{1};
};

const std::vector<std::string> kWords = {"the", "cat", "dog", "sat", "ran", "on", "mat", "a", "and", "over"};

/// Random lines of known and unknown words, some blank.
std::string random_text(Index lines, std::uint64_t seed) {
  const RandomStream stream(seed, "test-text", 0);
  std::string text;
  for (Index i = 0; i < lines; ++i) {
    const auto words = static_cast<Index>(stream.uniform(0, i, 0) * 9);
    for (Index w = 0; w < words; ++w) {
      const auto word = static_cast<std::size_t>(stream.uniform(1, i, w) * 12);
      text += (w > 0 ? " " : "") + (word < kWords.size() ? kWords[word] : word == 10 ? "zebra" : "<unk>");
    }
    text += "\n";
  }
  return text;
}

std::int32_t random_token(std::uint64_t seed, Index place, Index vocabulary) {
  return static_cast<std::int32_t>(RandomStream(seed, "test-ids", 0).uniform(0, 0, place) *
                                   static_cast<float>(vocabulary));
}

Ids random_ids(std::size_t count, Index vocabulary, std::uint64_t seed) {
  Ids ids;
  for (std::size_t i = 0; i < count; ++i) ids.push_back(random_token(seed, static_cast<Index>(i), vocabulary));
  return ids;
}

/// A model, a tokenizer, a data folder and a scorer.
struct Case {
  explicit Case(std::shared_ptr<const Tokenizer> t, int threads = 1) : tokenizer(std::move(t)), context(threads) {
    put_data(directory / "data", *tokenizer, {random_text(5, 1), random_text(40, 2), random_text(60, 3)});
  }
  Case() : Case(tiny_tokenizer(TokenizerKind::word, kWords)) {}

  TemporaryDirectory directory;
  std::shared_ptr<const Tokenizer> tokenizer;
  ModelConfig config = tiny_model();
  ModelParameters parameters = random_parameters(config, tokenizer->vocabulary_size(), 7);
  Context context;
  Scorer scorer{context, config, parameters};

  Dataset data() const { return Dataset::open(directory / "data"); }
  Ids tokens(Split split) const {
    const Dataset set = data();
    Ids ids(static_cast<std::size_t>(set.tokens(split)));
    TokenCursor(set, split).read(set.tokens(split), ids.data());
    return ids;
  }
  std::vector<double> scores(const Ids& ids) {
    std::vector<std::int32_t> previous;
    ModelState state;
    scorer.restart(1, tokenizer->end_id(), previous, state);
    std::vector<std::vector<double>> nll;
    const std::span<const std::int32_t> sequence(ids);
    scorer.score({&sequence, 1}, previous, state, nll);
    return nll[0];
  }
  TextEvaluation of_text(const std::string& text, TextScoring how) {
    put_file(directory / "text", text);
    TextSource source = TextSource::open(directory / "text");
    return evaluate_text(scorer, *tokenizer, source, how);
  }
};

double sum(const std::vector<double>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

/// The tokens, cut after each `</s>`.
std::vector<Ids> lines_of(const Ids& ids, std::int32_t end_id) {
  std::vector<Ids> lines(1);
  for (const std::int32_t id : ids) {
    lines.back().push_back(id);
    if (id == end_id) lines.emplace_back();
  }
  lines.pop_back();
  return lines;
}

/// Collects the scores of all parts and checks their order.
struct Collector {
  std::vector<double> nll;
  std::vector<double> line_nll;
  Ids ids;

  ScoredParts sink() {
    return [this](std::span<const ScoredPart> parts) {
      for (const ScoredPart& p : parts) {
        REQUIRE(p.nll.size() == p.part.ids.size());
        if (!p.part.document_end && static_cast<Index>(line_nll.size()) < p.part.line) {
          REQUIRE(p.part.first == 0);
          line_nll.push_back(0);
        }
        REQUIRE(static_cast<Index>(line_nll.size()) == p.part.line);
        if (!p.part.document_end) line_nll.back() += sum(p.nll);
        nll.insert(nll.end(), p.nll.begin(), p.nll.end());
        ids.insert(ids.end(), p.part.ids.begin(), p.part.ids.end());
      }
    };
  }
};

}  // namespace

TEST_CASE("the probabilities of all tokens sum to one") {
  Case c;
  Ids ids = random_ids(7, c.tokenizer->vocabulary_size(), 1);
  double total = 0;
  for (ids.back() = 0; ids.back() < c.tokenizer->vocabulary_size(); ++ids.back())
    total += std::exp(-c.scores(ids).back());
  CHECK(total == Approx(1).epsilon(1e-6));
}

TEST_CASE("a split's score is the slow sum over its tokens") {
  Case c;
  const Ids ids = c.tokens(Split::test);
  SlowModel slow(c.config, c.parameters);
  SECTION("one stream") {
    const Evaluation e = evaluate_split(c.scorer, c.data(), Split::test, {StateKind::carry, 1});
    CHECK(e.tokens == static_cast<Index>(ids.size()));
    CHECK(e.sentences == 60);
    CHECK(e.nll == Approx(sum(slow.score(ids, 0))).epsilon(1e-6));
    CHECK(e.perplexity() == Approx(std::exp(e.nll / static_cast<double>(ids.size()))));
  }
  SECTION("three streams") {
    const Evaluation e = evaluate_split(c.scorer, c.data(), Split::test, {StateKind::carry, 3});
    double expected = 0;
    for (std::size_t b = 0; b < 3; ++b) {
      const auto begin = ids.begin() + static_cast<std::ptrdiff_t>(b * ids.size() / 3);
      const auto end = ids.begin() + static_cast<std::ptrdiff_t>((b + 1) * ids.size() / 3);
      expected += sum(slow.score(Ids(begin, end), 0));
    }
    CHECK(e.tokens == static_cast<Index>(ids.size()));
    CHECK(e.nll == Approx(expected).epsilon(1e-6));
  }
  SECTION("every line from zero") {
    const Evaluation e = evaluate_split(c.scorer, c.data(), Split::test, {StateKind::reset, 1});
    double expected = 0, ends = 0;
    for (const Ids& line : lines_of(ids, 0)) {
      const std::vector<double> nll = slow.score(line, 0);
      expected += sum(nll);
      ends += nll.back();
    }
    CHECK(e.nll == Approx(expected).epsilon(1e-6));
    CHECK(e.nll_eos == Approx(ends).epsilon(1e-6));
  }
}

TEST_CASE("later tokens do not change earlier scores by a bit") {
  Case c;
  Ids ids = random_ids(40, c.tokenizer->vocabulary_size(), 5);
  const std::vector<double> before = c.scores(ids);
  for (std::size_t i = 25; i < ids.size(); ++i)
    ids[i] = random_token(6, static_cast<Index>(i), c.tokenizer->vocabulary_size());
  const std::vector<double> after = c.scores(ids);
  CHECK(std::equal(before.begin(), before.begin() + 25, after.begin()));
  CHECK(before != after);
}

TEST_CASE("the number of threads changes no score") {
  Case one(tiny_tokenizer(TokenizerKind::word, kWords), 1), two(tiny_tokenizer(TokenizerKind::word, kWords), 2);
  for (const StateKind state : {StateKind::carry, StateKind::reset})
    CHECK(evaluate_split(one.scorer, one.data(), Split::test, {state, 1}).nll ==
          evaluate_split(two.scorer, two.data(), Split::test, {state, 1}).nll);
}

TEST_CASE("lines scored together have the same scores as alone") {
  Case c;
  const Dataset data = c.data();
  Collector together, alone;
  TextScoring how{{StateKind::reset, 1}, 0, false, together.sink()};
  const TextEvaluation all = evaluate_data(c.scorer, data, Split::test, how);
  how.max_lines = 1;
  how.sink = alone.sink();
  evaluate_data(c.scorer, data, Split::test, how);
  REQUIRE(together.line_nll.size() == 60);
  CHECK(together.ids == c.tokens(Split::test));
  CHECK(alone.ids == together.ids);
  for (std::size_t i = 0; i < 60; ++i) CHECK(together.line_nll[i] == Approx(alone.line_nll[i]).epsilon(1e-6));
  CHECK(sum(together.nll) == all.scores.nll);
}

namespace {

void require_text_scored_as_split(bool bytes, const EvaluationPolicy& policy) {
  std::shared_ptr<const Tokenizer> tokenizer = tiny_tokenizer(TokenizerKind::word, kWords);
  if (bytes) tokenizer = make_byte_tokenizer(std::vector<Index>(kByteVocabulary, 1));
  Case c(tokenizer);
  const std::string text = random_text(60, 3);
  const TextEvaluation file = c.of_text(text, {policy, 0, false, {}});
  const TextEvaluation split = evaluate_data(c.scorer, c.data(), Split::test, {policy, 0, false, {}});
  CHECK(file.scores.tokens == split.scores.tokens);
  CHECK(file.scores.nll == Approx(split.scores.nll).epsilon(1e-9));
  CHECK(file.scores.nll_oov == Approx(split.scores.nll_oov).epsilon(1e-9));
  CHECK(file.text.words == split.text.words);
  CHECK(file.text.lines == 60);
  CHECK(split.text.lines == 60);
  CHECK(file.text.bytes == static_cast<Index>(text.size()));
  CHECK(file.text.unknown_words == split.text.unknown_words);
  CHECK(file.text.literal_unknown == split.text.literal_unknown);
  CHECK(file.lossless == bytes);
  CHECK(split.lossless == bytes);
  CHECK(file.scores.oov == file.text.unknown_words);
  CHECK(file.scores.unk == file.text.literal_unknown);
}

}  // namespace

TEST_CASE("a text is scored as the split that holds it, with its facts") {
  for (const bool bytes : {false, true})
    for (const EvaluationPolicy policy :
         {EvaluationPolicy{StateKind::carry, 1}, EvaluationPolicy{StateKind::carry, 4}, {StateKind::reset, 1}})
      require_text_scored_as_split(bytes, policy);
}

TEST_CASE("a line of many parts is one line") {
  Case c;
  std::string line;
  for (Index w = 0; w < 9000; ++w) line += (w > 0 ? " " : "") + kWords[static_cast<std::size_t>(w % 7)];
  const std::string text = "the cat\n" + line + "\n\na dog";
  EncodedText encoded;
  c.tokenizer->encode_line(line, encoded);
  for (const StateKind state : {StateKind::carry, StateKind::reset}) {
    Collector collector;
    const TextEvaluation e = c.of_text(text, {{state, 1}, 0, false, collector.sink()});
    REQUIRE(collector.line_nll.size() == 4);
    CHECK(e.scores.tokens == 3 + 9001 + 1 + 3);
    CHECK(e.scores.sentences == 4);
    if (state == StateKind::reset) CHECK(collector.line_nll[1] == Approx(sum(c.scores(encoded.ids))).epsilon(1e-6));
  }
}

TEST_CASE("line ends, marks and missing ends of raw text") {
  Case c;
  const TextScoring how{{StateKind::reset, 1}, 0, false, {}};
  const TextEvaluation plain = c.of_text("the cat\n\na dog\n", how);
  CHECK(plain.scores.tokens == 3 + 1 + 3);
  CHECK(c.of_text("the cat\n\na dog", how).scores.nll == plain.scores.nll);
  CHECK(c.of_text("the cat\r\n\r\na dog\r\n", how).scores.nll == plain.scores.nll);
  const TextEvaluation marked = c.of_text("\xEF\xBB\xBFthe cat\n\na dog\n", how);
  CHECK(marked.scores.nll == plain.scores.nll);
  CHECK(marked.text.bytes == plain.text.bytes + 3);
  CHECK(marked.text.faults.byte_order_marks == 1);
  CHECK(error_exit([&] { c.of_text("", how); }) == Exit::bad_data);
  CHECK(holds(error_text([&] { c.of_text("", how); }), "0 bytes"));
  CHECK(c.of_text("\n", how).scores.tokens == 1);
}

TEST_CASE("perplexity per word, bits per token and bits per byte") {
  TextEvaluation e;
  e.scores.tokens = 10;
  e.scores.nll = 20;
  e.text.words = 6;
  e.text.lines = 2;
  e.text.bytes = 40;
  CHECK(e.perplexity_per_word() == Approx(std::exp(2.5)));
  CHECK(e.bits_per_token() == Approx(2 / std::log(2)));
  CHECK(e.bits_per_byte() == Approx(0.5 / std::log(2)));
}
