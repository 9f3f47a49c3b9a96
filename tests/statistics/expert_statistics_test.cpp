// Every statistic of a layer against the definition, computed by loops over all rows.
#include "statistics/expert_statistics.hpp"

#include <algorithm>
#include <map>

#include "support/catch.hpp"
#include "support/random_routing.hpp"

using namespace moelm;

namespace {

struct Choice {
  Index row, expert;
  double gate;
};

std::vector<Choice> choices(const RoutedText& text) {
  std::vector<Choice> all;
  for (std::size_t c = 0; c < text.chunks.size(); ++c) {
    const Routing& r = text.chunks[c];
    for (Index i = 0; i < r.rows; ++i)
      for (Index p = r.begin[i]; p < r.begin[i + 1]; ++p)
        all.push_back({text.begins[c] + i, r.expert[p], static_cast<double>(r.gate[p])});
  }
  return all;
}

double cv(const std::vector<double>& x) {
  double mean = 0, variance = 0;
  for (double v : x) mean += v / static_cast<double>(x.size());
  for (double v : x) variance += (v - mean) * (v - mean) / static_cast<double>(x.size());
  return std::sqrt(variance) / mean;
}

double max_over_mean(const std::vector<double>& x) {
  double mean = 0;
  for (double v : x) mean += v / static_cast<double>(x.size());
  return *std::max_element(x.begin(), x.end()) / mean;
}

}  // namespace

TEST_CASE("use of each expert and balance of the layer equal the loop over all choices") {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    TextShape shape;
    shape.k = 1 + seed % 4;
    const RoutedText text = random_routing(shape, seed);
    const LayerStatistics s = accumulate(text, shape);
    std::vector<double> tokens(6), importance(6), load(6);
    double gate_entropy = 0;
    for (const Choice& c : choices(text)) {
      tokens[c.expert] += 1;
      importance[c.expert] += c.gate;
      gate_entropy -= c.gate * std::log(c.gate) / 200;
    }
    for (const Routing& r : text.chunks)
      for (Index e = 0; e < 6; ++e) load[e] += r.sums.load[e];
    double sum = 0, squares = 0, usage = 0, first = 0;
    for (Index e = 0; e < 6; ++e) {
      const double share = tokens[e] / static_cast<double>(200 * shape.k);
      CHECK(static_cast<double>(s.use[e].tokens) == tokens[e]);
      CHECK(s.use[e].importance == Approx(importance[e]));
      CHECK(s.use[e].load == Approx(load[e]));
      CHECK(s.use[e].share == Approx(share));
      CHECK(s.use[e].mean_gate == Approx(tokens[e] > 0 ? importance[e] / tokens[e] : 0));
      sum += tokens[e];
      squares += tokens[e] * tokens[e];
      usage -= share > 0 ? share * std::log(share) : 0;
      first += static_cast<double>(s.use[e].first);
    }
    CHECK(first == 200);
    CHECK(s.rows == 200);
    CHECK(s.k_mean == Approx(static_cast<double>(shape.k)));
    CHECK(s.cv_importance == Approx(cv(importance)));
    CHECK(s.cv_load == Approx(cv(load)));
    CHECK(s.max_over_mean_load == Approx(max_over_mean(load)));
    CHECK(s.max_over_mean_tokens == Approx(max_over_mean(tokens)));
    CHECK(s.jain == Approx(sum * sum / (6 * squares)));
    CHECK(s.gate_entropy == Approx(gate_entropy).margin(1e-12));
    CHECK(s.usage_entropy == Approx(usage));
    CHECK(s.dead == std::vector<Index>{5});
  }
}

TEST_CASE("co-activation and class counts equal the loop over all rows") {
  TextShape shape;
  shape.k = 3;
  const RoutedText text = random_routing(shape, 7);
  const LayerStatistics s = accumulate(text, shape);
  const auto all = choices(text);
  std::map<std::pair<Index, Index>, Index> together, by_label;
  for (const Choice& a : all) {
    if (text.label[a.row] >= 0) ++by_label[{text.label[a.row], a.expert}];
    for (const Choice& b : all)
      if (a.row == b.row && a.expert != b.expert) ++together[{a.expert, b.expert}];
  }
  for (Index a = 0; a < 6; ++a)
    for (Index b = 0; b < 6; ++b) CHECK(s.together.count(a, b) == together[{a, b}]);
  for (Index label = 0; label < 3; ++label) {
    for (Index e = 0; e < 6; ++e) CHECK(s.label_tokens[label * 6 + e] == by_label[{label, e}]);
    CHECK(s.label_rows[label] == std::count(text.label.begin(), text.label.end(), label));
  }
}

TEST_CASE("preferred tokens: lift is P(expert | token) over P(expert), and needs support") {
  const TextShape shape;
  const RoutedText text = random_routing(shape, 3);
  PreferenceOptions preference;
  preference.tokens = 4;
  preference.min_count = 5;
  const LayerStatistics s = accumulate(text, shape, {}, preference);
  for (Index e = 0; e < 6; ++e) {
    std::vector<double> count(11), rows(11);
    double total = 0;
    for (const Choice& c : choices(text))
      if (c.expert == e) count[text.token[c.row]] += 1, total += 1;
    for (const std::int32_t t : text.token) rows[t] += 1;
    std::vector<double> lifts, counts;
    for (Index t = 0; t < 11; ++t) {
      if (count[t] >= 5) lifts.push_back(count[t] / rows[t] / (total / 200));
      if (count[t] > 0) counts.push_back(count[t]);
    }
    std::sort(lifts.rbegin(), lifts.rend());
    std::sort(counts.rbegin(), counts.rend());
    REQUIRE(s.use[e].by_lift.size() == std::min<std::size_t>(4, lifts.size()));
    REQUIRE(s.use[e].by_count.size() == std::min<std::size_t>(4, counts.size()));
    for (std::size_t i = 0; i < s.use[e].by_lift.size(); ++i) {
      const TokenPreference& p = s.use[e].by_lift[i];
      CHECK(p.lift == Approx(lifts[i]));
      CHECK(p.lift == Approx(count[p.token] / rows[p.token] / (total / 200)));
      CHECK(p.share == Approx(count[p.token] / rows[p.token]));
      CHECK(p.count >= 5);
      CHECK(static_cast<double>(s.use[e].by_count[i].count) == counts[i]);
    }
  }
}

TEST_CASE("contexts are the rows with the highest gates, of equal gates the earlier") {
  const TextShape shape;
  const RoutedText text = random_routing(shape, 9);
  StatisticsOptions options;
  options.contexts = 7;
  const LayerStatistics s = accumulate(text, shape, options);
  for (Index e = 0; e < 6; ++e) {
    std::vector<std::pair<double, Index>> rows;
    for (const Choice& c : choices(text))
      if (c.expert == e) rows.emplace_back(-c.gate, c.row);
    std::sort(rows.begin(), rows.end());
    rows.resize(std::min<std::size_t>(rows.size(), 7));
    REQUIRE(s.use[e].contexts.size() == rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      CHECK(s.use[e].contexts[i].row == rows[i].second);
      CHECK(static_cast<double>(s.use[e].contexts[i].gate) == -rows[i].first);
    }
  }
}

TEST_CASE("the size of the chunks changes nothing") {
  TextShape small, large;
  small.chunk = 3;
  large.chunk = 200;
  const LayerStatistics a = accumulate(random_routing(small, 4), small),
                        b = accumulate(random_routing(large, 4), large);
  CHECK(a.cv_load == Approx(b.cv_load));
  CHECK(a.cv_importance == Approx(b.cv_importance));
  CHECK(a.information.label_expert.nats == b.information.label_expert.nats);
  CHECK(a.information.label_expert.shuffled == b.information.label_expert.shuffled);
  for (Index e = 0; e < 6; ++e) {
    CHECK(a.use[e].tokens == b.use[e].tokens);
    CHECK(a.use[e].by_lift.size() == b.use[e].by_lift.size());
    for (std::size_t i = 0; i < a.use[e].by_lift.size(); ++i)
      CHECK(a.use[e].by_lift[i].token == b.use[e].by_lift[i].token);
  }
}

TEST_CASE("the load of two levels is equation 14 of the whole text, not a sum over its chunks") {
  TextShape shape;  // 6 experts in 2 groups of 3
  RoutedText text = random_routing(shape, 6);
  std::mt19937 random(6);
  const auto number = [&](double most) { return most * static_cast<double>(random() % 1000) / 1000; };
  std::vector<double> primary(2), secondary(6), group_rows(2);
  for (Routing& chunk : text.chunks) {
    RoutingSums& sums = chunk.sums;
    sums.primary_load = {number(30), number(9)};
    sums.group_rows = {static_cast<double>(1 + random() % 20), static_cast<double>(random() % 3)};
    sums.secondary_load.clear();
    for (Index e = 0; e < 6; ++e) sums.secondary_load.push_back(number(10));
    sums.combine_levels();
    for (std::size_t g = 0; g < 2; ++g) {
      primary[g] += sums.primary_load[g];
      group_rows[g] += sums.group_rows[g];
    }
    for (std::size_t e = 0; e < 6; ++e) secondary[e] += sums.secondary_load[e];
  }
  std::vector<double> load;
  for (std::size_t e = 0; e < 6; ++e) load.push_back(primary[e / 3] * secondary[e] / group_rows[e / 3]);
  const LayerStatistics s = accumulate(text, shape);
  for (std::size_t e = 0; e < 6; ++e) CHECK(s.use[e].load == Approx(load[e]));
  CHECK(s.cv_load == Approx(cv(load)));
  CHECK(s.max_over_mean_load == Approx(max_over_mean(load)));
}

TEST_CASE("a text without rows has statistics of zero, not of nan") {
  const TextShape shape;
  const LayerStatistics s = accumulate({}, shape);
  CHECK(s.rows == 0);
  CHECK(s.dead.size() == 6);
  for (const double v : {s.k_mean, s.cv_importance, s.cv_load, s.max_over_mean_load, s.jain, s.gate_entropy})
    CHECK(v == 0);
}

TEST_CASE("beyond their limit, pair counts keep the frequent pairs and say that some were dropped") {
  PairCounts pairs(1000);
  for (std::int32_t round = 0; round < 40; ++round)
    for (std::int32_t token = 0; token < 100; ++token) pairs.add(token % 3, token);
  for (std::int32_t token = 1000; token < 200'000; ++token) pairs.add(1, token);
  const auto& entries = pairs.entries();
  CHECK(pairs.dropped());
  CHECK(entries.size() <= 1000);
  for (std::int32_t token = 0; token < 100; ++token)
    CHECK(std::any_of(entries.begin(), entries.end(),
                      [&](const auto& e) { return e.token == token && e.expert == token % 3 && e.count == 40; }));
}
