// The report as JSON and as text; contexts and preferences that they share.
#include <cmath>
#include <sstream>

#include "base/escape.hpp"
#include "report/json_report.hpp"
#include "report/text_report.hpp"
#include "sample_report.hpp"
#include "support/catch.hpp"
#include "support/hostile.hpp"

using namespace moelm;

namespace {

std::string plain(Index i) { return "w" + std::string(1, static_cast<char>('a' + i % 26)); }

}  // namespace

TEST_CASE("JSON has the keys that scripts rely on, and they agree with each other") {
  const TextShape shape;
  const Json json = parse_json(json_text(json_report(sample_report(shape, plain))), "report");
  CHECK(json.at("tokens") == 200);
  REQUIRE(json.at("layers").size() == 1);
  const Json& layer = json.at("layers")[0];
  CHECK(layer.at("layer") == 2);
  CHECK(layer.at("experts") == 6);
  CHECK(layer.at("k") == 2);
  CHECK(layer.at("load_kind") == "smooth");
  for (const char* key : {"tokens", "importance", "load", "experts_detail"}) CHECK(layer.at(key).size() == 6);
  for (const char* key : {"cv_importance", "cv_load", "max_over_mean_load", "max_over_mean_tokens"})
    CHECK(layer.at(key).get<double>() > 0);
  CHECK(layer.at("dead") == Json::array({5}));
  double tokens = 0;
  for (const Json& t : layer.at("tokens")) tokens += t.get<double>();
  CHECK(tokens == Approx(layer.at("k_mean").get<double>() * 200));
  CHECK(layer.at("experts_detail")[0].at("tokens") == layer.at("tokens")[0]);
  CHECK_FALSE(layer.at("experts_detail")[0].at("contexts").empty());
}

TEST_CASE("hostile texts reach neither terminal nor JSON unescaped, and every line is one") {
  std::mt19937 random(4);
  TextShape shape;
  shape.rows = 3000;
  shape.vocabulary = 1000;
  for (int i = 0; i < 3; ++i) {
    const StatisticsReport report = sample_report(shape, [&](Index) { return hostile_text(random, 10); });
    const std::string text = text_report(report, 100);
    CHECK(objection(text) == "");
    CHECK(std::count(text.begin(), text.end(), '\n') == 32);  // facts 2, note 1, layer 6, table 8, contexts 11, blank 4
    CHECK(objection(json_text(json_report(report), 2)) == "");
  }
}

TEST_CASE("lines of the table keep within the terminal") {
  TextShape shape;
  shape.vocabulary = 400;
  shape.rows = 8000;
  StatisticsReport report = sample_report(shape, [](Index) { return "\xe6\x97\xa5\xe6\x9c\xac"; });
  report.facts.emplace_back("model", "embedding 256, LSTM 256, MoE 4,096 x 512 k 4 in 16 groups, LSTM 256, softmax, " +
                                         std::string("an approximation; float32"));
  report.layers[0].statistics.load_kind = "count";
  report.sentence.assign(3, {"\xe6\x97\xa5", "word", 0.5, {{{17, 0.5F}, {4, 0.3F}, {900, 0.2F}}}});
  for (const Index columns : {72, 80, 90, 200}) {
    std::istringstream lines(text_report(report, columns));
    for (std::string line; std::getline(lines, line);) CHECK(display_width(line) <= columns);
  }
}

TEST_CASE("contexts are the words around the row, once each, and stop at the ends of the text") {
  TextAccess text;
  const std::vector<std::int32_t> ids = {0, 1, 2, 3, 1, 2, 3, 1, 2};
  text.token_text = [](std::int32_t id) { return std::string(1, static_cast<char>('a' + id)); };
  text.tokens = [&](Index begin, Index count, std::vector<std::int32_t>& out) {
    out.assign(ids.begin() + begin, ids.begin() + begin + count);
  };
  text.rows = 9;
  text.radius = 1;
  LayerStatistics s;
  s.experts = 1;
  s.use.resize(1);
  s.use[0].contexts = {{0.9F, 2}, {0.8F, 5}, {0.7F, 0}, {0.6F, 8}};
  const LayerReport report = describe_layer(s, text);
  const auto& contexts = report.words[0].contexts;
  REQUIRE(contexts.size() == 3);
  CHECK(contexts[0].before + "|" + contexts[0].token + "|" + contexts[0].after == "b |c| d");
  CHECK(contexts[1].before + "|" + contexts[1].token + "|" + contexts[1].after == "|a| b");
  CHECK(contexts[2].before + "|" + contexts[2].token + "|" + contexts[2].after == "b |c|");
}

TEST_CASE("preferences of classes and pairs against their definitions") {
  TextShape shape;
  shape.rows = 2000;
  const StatisticsReport report = sample_report(shape, plain);
  const LayerStatistics& s = report.layers[0].statistics;
  double all = 0, of_expert = 0, of_class = 0;
  for (Index l = 0; l < 3; ++l)
    for (Index e = 0; e < 6; ++e) {
      const auto n = static_cast<double>(s.label_tokens[l * 6 + e]);
      all += n;
      of_expert += e == 2 ? n : 0;
      of_class += l == 1 ? n : 0;
    }
  const auto both = static_cast<double>(s.label_tokens[1 * 6 + 2]);
  CHECK(class_preference(s, 1, 2) == Approx(std::log2(both / of_class / (of_expert / all))));
  CHECK(std::isnan(class_preference(s, 1, 5)));
  double pairs = 0, chance = 0;
  for (Index a = 0; a < 6; ++a)
    for (Index b = 0; b < a; ++b) {
      pairs += static_cast<double>(s.together.count(a, b));
      chance += static_cast<double>(s.use[a].tokens) * static_cast<double>(s.use[b].tokens);
    }
  const double expected = static_cast<double>(s.use[0].tokens) * static_cast<double>(s.use[1].tokens) / chance * pairs;
  CHECK(pair_preference(s, 0, 1) == Approx(std::log2(static_cast<double>(s.together.count(0, 1)) / expected)));
  CHECK(std::isnan(pair_preference(s, 3, 3)));
}

TEST_CASE("of many experts the most and the least used are shown") {
  LayerStatistics s;
  s.experts = 10;
  s.use.resize(10);
  for (Index e = 0; e < 10; ++e) s.use[e].tokens = (e * 7) % 10;
  CHECK(shown_experts(s, 10).size() == 10);
  CHECK(shown_experts(s, 4) == std::vector<Index>{7, 4, 3, 0});
}
