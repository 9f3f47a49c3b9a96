// Lists scored as trees have the scores of their lines alone, and share what they have in common.
#include <algorithm>
#include <cmath>
#include <set>

#include "evaluation/text_evaluation.hpp"
#include "rescoring/nbest_scorer.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"
#include "support/tiny_data.hpp"
#include "tokenizer/byte_tokenizer.hpp"

using namespace moelm;

namespace {

using Ids = std::vector<std::int32_t>;

const std::vector<std::string> kWords = {"the", "cat", "dog", "sat", "ran", "on", "mat", "a", "and", "over"};

/// Hypotheses that differ from the first in a few words, as a recogniser's do; some are empty, equal or of one word.
std::vector<std::string> nbest(std::size_t count, Index length, std::uint64_t seed) {
  const RandomStream random(seed, "test-nbest", 0);
  const auto pick = [&](Index row, Index column, Index choices) {
    return static_cast<Index>(random.uniform(0, row, column) * static_cast<float>(choices));
  };
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < count; ++i) {
    const auto row = static_cast<Index>(i);
    std::string text;
    for (Index w = 0; w < length + pick(row, 0, 3) - 1; ++w) {
      const bool changed = i > 0 && pick(row, 3 * w + 1, 10) == 0;
      const Index word = changed ? pick(row, 3 * w + 2, 11) : w * w % 10;
      text += (w > 0 ? " " : "") + (word < 10 ? kWords[static_cast<std::size_t>(word)] : std::string("zebra"));
    }
    texts.push_back(i % 50 == 7 ? "" : i % 50 == 9 ? "cat" : text);
  }
  return texts;
}

struct Case {
  explicit Case(std::unique_ptr<Tokenizer> t, int threads = 1) : tokenizer(std::move(t)), context(threads) {}
  explicit Case(int threads = 1) : Case(tiny_tokenizer(TokenizerKind::word, kWords), threads) {}

  std::unique_ptr<Tokenizer> tokenizer;
  ModelConfig config = tiny_model();
  ModelParameters parameters = random_parameters(config, tokenizer->vocabulary_size(), 7);
  Context context;
  Predictor predictor{context, config, parameters};

  /// The scores of a text's lines, by the code of moe-eval.
  std::vector<double> scores_of_lines(const std::vector<std::string>& texts, StateKind state) {
    std::string text;
    for (const std::string& line : texts) text += line + "\n";
    const TemporaryDirectory directory;
    put_file(directory / "text", text);
    TextSource source = TextSource::open(directory / "text");
    Scorer scorer(context, config, parameters);
    std::vector<double> nll;
    TextScoring how{{state, 1}, 1, false, [&](std::span<const ScoredPart> parts) {
                      for (const ScoredPart& part : parts) {
                        if (part.part.document_end) continue;  // of no line
                        if (part.part.first == 0) nll.push_back(0);
                        for (const double value : part.nll) nll.back() += value;
                      }
                    }};
    evaluate_text(scorer, *tokenizer, source, how);
    return nll;
  }
};

std::vector<std::string_view> views(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

void require_scores_of_lines(Case& c, const std::vector<std::string>& texts) {
  NbestScorer scorer(c.predictor, *c.tokenizer, StateKind::reset);
  const std::vector<HypothesisScore> scores = scorer.score(views(texts));
  const std::vector<double> lines = c.scores_of_lines(texts, StateKind::reset);
  REQUIRE(scores.size() == texts.size());
  REQUIRE(lines.size() == texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    INFO(texts[i]);
    CHECK(scores[i].nll == Approx(lines[i]).epsilon(1e-6));
  }
}

}  // namespace

TEST_CASE("each hypothesis has the score of its line alone") {
  Case c;
  for (const std::size_t count : {1, 2, 60}) require_scores_of_lines(c, nbest(count, 9, count));
  Case bytes(make_byte_tokenizer(std::vector<Index>(kByteVocabulary, 1)));
  require_scores_of_lines(bytes, nbest(30, 4, 5));
}

TEST_CASE("lists of more hypotheses than a tree are scored alike") {
  Case c;
  require_scores_of_lines(c, nbest(kTreeHypotheses * 2 + 77, 6, 3));
}

TEST_CASE("threads and the other hypotheses change no score") {
  const std::vector<std::string> texts = nbest(80, 8, 2);
  Case one(1), three(3);
  NbestScorer first(one.predictor, *one.tokenizer, StateKind::reset);
  NbestScorer second(three.predictor, *three.tokenizer, StateKind::reset);
  const auto all = first.score(views(texts)), other = second.score(views(texts));
  for (std::size_t i = 0; i < texts.size(); ++i) {
    CHECK(all[i].nll == other[i].nll);
    const std::string_view alone = texts[i];
    CHECK(first.score({&alone, 1})[0].nll == Approx(all[i].nll).epsilon(1e-6));
  }
}

TEST_CASE("tokens, unknown words and shared prefixes are counted") {
  Case c;
  NbestScorer scorer(c.predictor, *c.tokenizer, StateKind::reset);
  const std::vector<std::string> texts = {"the cat sat", "the cat", "the cat sat", "the zebra", ""};
  const auto scores = scorer.score(views(texts));
  CHECK(scores[0].tokens == 4);
  CHECK(scores[3].unknown_words == 1);
  CHECK(scores[4].tokens == 1);
  CHECK(scorer.tokens() == 4 + 3 + 4 + 3 + 1);
  // the, cat, sat, </s>; </s> after cat; <unk>, </s>; </s>
  CHECK(scorer.computed() == 4 + 1 + 2 + 1);
  CHECK(scores[0].nll == scores[2].nll);
}

TEST_CASE("a tree has every prefix once") {
  const auto texts = nbest(300, 7, 11);
  std::vector<Ids> ids;
  for (const std::string& text : texts) {
    Ids& sequence = ids.emplace_back();
    for (const char byte : text) sequence.push_back(byte);
  }
  std::set<Ids> prefixes;
  std::vector<std::span<const std::int32_t>> sequences(ids.begin(), ids.end());
  for (const Ids& sequence : ids)
    for (std::size_t n = 1; n <= sequence.size(); ++n)
      prefixes.insert(Ids(sequence.begin(), sequence.begin() + static_cast<std::ptrdiff_t>(n)));
  const PrefixTree tree(sequences);
  CHECK(tree.nodes() == static_cast<Index>(prefixes.size()));
  for (std::size_t i = 0; i < ids.size(); ++i) {
    // The path back from the last token is the sequence.
    Index place = tree.place(i);
    if (ids[i].empty()) CHECK(place == -1);
    for (std::size_t d = ids[i].size(); d-- > 0;) {
      const PrefixNode& node = tree.levels()[d][static_cast<std::size_t>(place)];
      REQUIRE(node.token == ids[i][d]);
      place = node.parent;
    }
    CHECK(place == -1);
  }
  for (const auto& level : tree.levels()) {
    std::set<Index> inner;
    for (const PrefixNode& node : level)
      if (node.inner >= 0) CHECK(inner.insert(node.inner).second);
    if (!inner.empty()) CHECK(*inner.rbegin() == static_cast<Index>(inner.size()) - 1);
  }
}

TEST_CASE("in state carry a list goes on from the best of the one before") {
  for (const bool bytes : {false, true}) {
    Case c(bytes ? make_byte_tokenizer(std::vector<Index>(kByteVocabulary, 1))
                 : tiny_tokenizer(TokenizerKind::word, kWords));
    NbestScorer scorer(c.predictor, *c.tokenizer, StateKind::carry);
    std::vector<std::string> history;
    for (std::uint64_t list = 0; list < 4; ++list) {
      const auto texts = nbest(12, 5, list);
      const auto scores = scorer.score(views(texts));
      for (std::size_t i = 0; i < texts.size(); ++i) {
        std::vector<std::string> text = history;
        text.push_back(texts[i]);
        CHECK(scores[i].nll == Approx(c.scores_of_lines(text, StateKind::carry)[list]).epsilon(1e-6));
      }
      const std::size_t best = list % 3;
      scorer.advance(best);
      history.push_back(texts[best]);
    }
  }
}
