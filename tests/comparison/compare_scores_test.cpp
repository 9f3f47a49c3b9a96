// The comparison of two models: sums by hand, pairing, and what is refused.
#include "comparison/compare_scores.hpp"

#include <random>

#include "comparison/comparison_report.hpp"
#include "comparison/scores.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/tiny_data.hpp"

using namespace moelm;

namespace {

const std::string kText = "the cat sat\n\na <unk> dog\n";  // 4 + 1 + 4 tokens

TokenScores constant(const std::string& name, double nll, const std::string& text = kText) {
  return scores_of_text(name, text, [nll](Index) { return nll; });
}

std::string refusal(const std::vector<TokenScores>& a, const std::vector<TokenScores>& b, bool by_line = false) {
  return error_text([&] { compare_scores(a, b, {{}, by_line, {}}, nullptr); });
}

const Difference* named(const std::vector<Difference>& parts, const std::string& name) {
  for (const Difference& d : parts)
    if (d.name == name) return &d;
  return nullptr;
}

}  // namespace

TEST_CASE("the difference is the mean of B - A over tokens, and parts add up to the whole") {
  const TokenScores a = constant("a", 2);
  const TokenScores b = scores_of_text("b", kText, [](Index t) { return 2 + 0.1 * static_cast<double>(t); });
  const Comparison c = compare_scores({a}, {b}, {2, false, {}}, nullptr);
  CHECK(c.whole.weight == 9);
  CHECK(c.whole.a == Approx(2));
  CHECK(c.whole.b == Approx(2.4));
  CHECK(c.whole.result.mean == Approx(0.4));
  CHECK(c.blocks.ends == std::vector<Index>{2, 4, 6, 8, 9});
  CHECK(c.whole.result.low < 0.4);
  CHECK(c.whole.result.high > 0.4);
  CHECK(c.seeds.size() == 1);
  CHECK(c.seeds[0].result.low == c.whole.result.low);
  const Difference* ends = named(c.classes, "line ends");
  const Difference* unknown = named(c.classes, "<unk>");
  REQUIRE(ends != nullptr);
  REQUIRE(unknown != nullptr);
  CHECK(ends->weight == 3);
  CHECK(ends->result.mean == Approx((0.3 + 0.4 + 0.8) / 3));
  CHECK(unknown->weight == 1);
  CHECK(unknown->b == Approx(2.6));
  double weight = 0, sum = 0;
  for (const Difference& d : c.classes) {
    weight += d.weight;
    sum += d.weight * d.result.mean;
  }
  CHECK(weight == 9);
  CHECK(sum == Approx(9 * 0.4));
  // The other way round it is the negative.
  const Comparison back = compare_scores({b}, {a}, {2, false, {}}, nullptr);
  CHECK(back.whole.result.mean == Approx(-0.4));
  CHECK(back.whole.result.low == Approx(-c.whole.result.high));
}

TEST_CASE("a model does not differ from itself, and the interval is 0 to 0") {
  const TokenScores a = constant("a", 2);
  const Comparison c = compare_scores({a}, {a}, {2, false, {}}, nullptr);
  CHECK(c.whole.result.mean == 0);
  CHECK(c.whole.result.low == 0);
  CHECK(c.whole.result.high == 0);
}

TEST_CASE("seeds are paired by position and their mean is the whole") {
  std::mt19937 random(1);
  std::exponential_distribution<double> nll(0.2);
  std::vector<TokenScores> a, b;
  std::string text;
  for (int i = 0; i < 12; ++i) text += kText + "\n";
  for (int s = 0; s < 3; ++s) {
    a.push_back(scores_of_text("a" + std::to_string(s), text, [&](Index) { return nll(random); }));
    b.push_back(scores_of_text("b" + std::to_string(s), text, [&](Index) { return nll(random); }));
  }
  const Comparison c = compare_scores(a, b, {}, nullptr);
  REQUIRE(c.seeds.size() == 3);
  CHECK(c.blocks.documents);
  double mean = 0;
  for (std::size_t s = 0; s < 3; ++s) {
    CHECK(c.seeds[s].result.mean == Approx(b[s].mean_nll() - a[s].mean_nll()));
    mean += c.seeds[s].result.mean / 3;
  }
  CHECK(c.whole.result.mean == Approx(mean));
  CHECK(c.whole.result.low < mean);
  CHECK(c.whole.result.high > mean);
}

TEST_CASE("sources have rows of their own") {
  TokenScores a("a", "two texts", "", nullptr), b("b", "two texts", "", nullptr);
  for (const double more : {0.5, -0.25}) {
    add_text(
        kText, [](Index) { return 1.0; }, a);
    add_text(
        kText, [more](Index) { return 1 + more; }, b);
  }
  const Comparison c = compare_scores({a}, {b}, {3, false, {}}, nullptr);
  REQUIRE(c.sources.size() == 2);
  CHECK(c.sources[0].result.mean == Approx(0.5));
  CHECK(c.sources[1].result.mean == Approx(-0.25));
  CHECK(c.sources[1].result.low == Approx(-0.25));
  CHECK(c.whole.result.mean == Approx(0.125));
}

TEST_CASE("if the tokens differ, lines are compared, per word of A") {
  const TokenScores words = constant("words", 2, "the cat\na dog ran\n");
  // The same lines in pieces of bytes.
  TokenScores bytes("bytes", "", "", nullptr);
  for (const auto& [line, text] : std::vector<std::pair<Index, std::string>>{{1, "the cat\n"}, {2, "a dog ran\n"}})
    for (std::size_t i = 0; i < text.size(); ++i) bytes.add({line, static_cast<Index>(i) + 1}, text.substr(i, 1), 0.75);
  bytes.end_source("", bytes.tokens());
  CHECK(holds(refusal({words}, {bytes}), "expected the token the as in words, found t; --by-line"));
  const Comparison c = compare_scores({words}, {bytes}, {1, true, {}}, nullptr);
  CHECK(c.unit == UnitKind::line);
  CHECK(c.whole.weight == 3 + 4);
  CHECK(c.whole.a == Approx(2));
  CHECK(c.whole.b == Approx(18 * 0.75 / 7));
  CHECK(c.whole.result.low == Approx((7.5 - 8) / 4));
  CHECK(c.whole.result.high == Approx(0));
  CHECK(c.classes.empty());
  // From the side of the bytes the words are the same.
  CHECK(compare_scores({bytes}, {words}, {1, true, {}}, nullptr).whole.weight == 7);
}

TEST_CASE("models with other tokenizers are paired by line without being asked") {
  const std::shared_ptr<const Tokenizer> small = tiny_tokenizer(TokenizerKind::word, {"a"}),
                                         large = tiny_tokenizer(TokenizerKind::word, {"a", "b"});
  const auto scores = [](const std::shared_ptr<const Tokenizer>& tokenizer, const std::string& text) {
    TokenScores s("run", "text", "", tokenizer);
    add_text(
        text, [](Index) { return 1.0; }, s);
    return s;
  };
  const auto a = scores(small, "a <unk>\n<unk>\n"), b = scores(large, "a b\nb\n");
  CHECK(compare_scores({a}, {b}, {}, nullptr).unit == UnitKind::line);
  CHECK(compare_scores({a}, {a}, {}, nullptr).unit == UnitKind::token);
  CHECK(holds(refusal({a}, {scores(small, "a b\n<unk>\n")}), "expected the token <unk> as in run, found b"));
}

TEST_CASE("what cannot be paired is refused with its place") {
  const TokenScores a = constant("a.rows", 1);
  CHECK(holds(refusal({a}, {constant("b.rows", 1, "the cat ran\n\na <unk> dog\n")}),
              "b.rows: row 3 (line 1, position 3): expected the token sat as in a.rows, found ran"));
  CHECK(holds(refusal({a}, {constant("b.rows", 1, "the cat sat\n\na <unk> dog\nmore\n")}),
              "b.rows: rows: expected 9 tokens as in a.rows, found 11"));
  CHECK(holds(refusal({a}, {constant("b.rows", 1, "the cat\nsat\n")}),
              "b.rows: row 3 (line 1, position 3): expected the token sat as in a.rows, found </s>"));
  CHECK(holds(refusal({a}, {constant("b.rows", 1, "the cat sat\n\n")}, true),
              "b.rows: lines: expected 3 as in a.rows, found 2"));
  CHECK(holds(refusal({a, a}, {a, constant("b2.rows", 1, "the\n")}), "b2.rows: row 2"));
  TokenScores gap("b.rows", "", "", nullptr);
  for (const Index line : {1, 3, 4}) gap.add({line, 1}, "</s>", 1);
  gap.end_source("", 3);
  CHECK(holds(refusal({a}, {gap}, true), "expected line 2 of the text as in a.rows, found line 3"));
}

TEST_CASE("a single block has a difference and no interval, in text and JSON") {
  const Comparison c = compare_scores({constant("a", 2)}, {constant("b", 1)}, {}, nullptr);
  CHECK(c.blocks.ends.size() == 1);
  const std::string text = comparison_text(c, 0);
  CHECK(holds(text, "-1.0000 nats a token, no interval: a single block"));
  const Json json = comparison_json(c);
  CHECK(json["difference"] == -1.0);
  CHECK(json["low"].is_null());
  CHECK(json["blocks"] == 1);
  REQUIRE(comparison_notes(c).size() == 1);
  CHECK(holds(comparison_notes(c)[0], "1 block gives no interval"));
}

TEST_CASE("the report says which model is better, and whether that is certain") {
  const TokenScores a = constant("a", 2), b = constant("b", 1.5);
  const auto text = [](const TokenScores& x, const TokenScores& y) {
    return comparison_text(compare_scores({x}, {y}, {2, false, {}}, nullptr), 0);
  };
  CHECK(holds(text(a, b), "-0.5000 nats a token, 95 % interval -0.5000 to -0.5000: B is better"));
  CHECK(holds(text(b, a), "+0.5000 nats a token, 95 % interval +0.5000 to +0.5000: A is better"));
  CHECK(holds(text(a, scores_of_text("c", kText, [](Index t) { return t % 2 == 0 ? 1.0 : 3.0; })), ": it holds 0"));
  CHECK(holds(text(a, b), "10,000 resamples of 5 blocks of 2 tokens, percentiles"));
}
