#include "statistics/expert_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.hpp"
#include "moe/balance.hpp"
#include "statistics/measures.hpp"

namespace moelm {
namespace {

template <class Value>
std::vector<double> collect(const std::vector<ExpertUse>& use, Value ExpertUse::*member) {
  std::vector<double> values;
  values.reserve(use.size());
  for (const ExpertUse& u : use) values.push_back(static_cast<double>(u.*member));
  return values;
}

double ratio(double a, double b) { return b == 0 ? 0 : a / b; }

/// The first `count` by `before`, then by falling count, then by token.
template <class Before>
std::vector<TokenPreference> first_by(std::vector<TokenPreference> all, Index count, Before before) {
  const auto full = [&](const TokenPreference& a, const TokenPreference& b) {
    if (before(a, b) != before(b, a)) return before(a, b);
    return a.count != b.count ? a.count > b.count : a.token < b.token;
  };
  const auto kept = std::min(static_cast<std::size_t>(count), all.size());
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(kept), all.end(), full);
  all.resize(kept);
  return all;
}

/// A gate with thresholds may choose any number of experts for a row.
Index max_experts_per_row(const StatisticsOptions& options) { return options.any_k ? options.experts : options.k; }

Index sample_limit(const StatisticsOptions& options) {
  constexpr Index kMaxSampleEntries = 8'000'000;
  return std::clamp<Index>(kMaxSampleEntries / max_experts_per_row(options), 1, options.sample_rows);
}

}  // namespace

CoActivation::CoActivation(Index experts) : count_(experts * (experts - 1) / 2) {}

std::size_t CoActivation::slot(Index a, Index b) {
  const Index low = std::min(a, b), high = std::max(a, b);
  return high * (high - 1) / 2 + low;
}

ExpertStatistics::ExpertStatistics(StatisticsOptions options)
    : options_(std::move(options)),
      use_(options_.experts),
      token_rows_(options_.vocabulary),
      label_tokens_(options_.labels * options_.experts),
      label_rows_(options_.labels),
      together_(options_.experts),
      contexts_(options_.experts, options_.contexts),
      sample_(options_.experts, max_experts_per_row(options_), sample_limit(options_), options_.seed) {}

void ExpertStatistics::add(const Routing& routing, const RowFacts& facts) {
  const auto rows = static_cast<std::size_t>(routing.rows);
  ensure(routing.experts == options_.experts && routing.begin.size() == rows + 1, "one layer, one shape");
  ensure(facts.row.size() == rows && facts.token.size() == rows && facts.label.size() == rows, "facts of every row");
  ensure(routing.sums.load.size() == use_.size(), "a load for every expert");
  for (Index i = 0; i < routing.rows; ++i) add_row(routing, i, facts);
  sums_.add(routing.sums);
  rows_ += routing.rows;
}

void ExpertStatistics::add_row(const Routing& routing, Index i, const RowFacts& facts) {
  const auto experts = routing.experts_of(i);
  const auto gates = routing.gates_of(i);
  const auto k = static_cast<Index>(experts.size());
  const std::int32_t token = facts.token[i], label = facts.label[i];
  ensure(token >= 0 && token < options_.vocabulary && label < options_.labels, "tokens and labels as announced");
  ++token_rows_[token];
  if (label >= 0) ++label_rows_[label];
  double row_entropy = 0;
  Index first = -1;
  for (Index j = 0; j < k; ++j) {
    const std::int32_t e = experts[j];
    ensure(e < options_.experts, "an expert of this layer");
    ++use_[e].tokens;
    use_[e].importance += static_cast<double>(gates[j]);
    if (gates[j] > 0) row_entropy -= static_cast<double>(gates[j]) * std::log(static_cast<double>(gates[j]));
    if (first < 0 || gates[j] > gates[first]) first = j;
    if (label >= 0) ++label_tokens_[label * options_.experts + e];
    pairs_.add(e, token);
    contexts_.offer(e, {gates[j], facts.row[i]});
    for (Index other = 0; other < j; ++other) together_.add(e, experts[other]);
  }
  if (first >= 0) ++use_[experts[first]].first;
  gate_entropy_ += row_entropy;
  sample_.add(token, label, experts, gates);
}

void ExpertStatistics::fill_preferences(const PreferenceOptions& preference, std::vector<ExpertUse>& use) {
  const auto& entries = pairs_.entries();
  for (std::size_t begin = 0; begin < entries.size();) {
    const std::int32_t e = entries[begin].expert;
    const double expert_share = ratio(static_cast<double>(use[e].tokens), static_cast<double>(rows_));
    const Index support = std::max(
        preference.min_count, static_cast<Index>(std::ceil(preference.min_share * static_cast<double>(use[e].tokens))));
    std::vector<TokenPreference> all, supported;
    for (; begin < entries.size() && entries[begin].expert == e; ++begin) {
      TokenPreference p{entries[begin].token, entries[begin].count, 0, 0};
      p.share = ratio(static_cast<double>(p.count), static_cast<double>(token_rows_[p.token]));
      p.lift = ratio(p.share, expert_share);
      all.push_back(p);
      if (p.count >= support) supported.push_back(p);
    }
    use[e].by_lift =
        first_by(std::move(supported), preference.tokens, [](const auto& a, const auto& b) { return a.lift > b.lift; });
    use[e].by_count =
        first_by(std::move(all), preference.tokens, [](const auto& a, const auto& b) { return a.count > b.count; });
  }
}

LayerStatistics ExpertStatistics::finish(const PreferenceOptions& preference) {
  LayerStatistics s;
  s.layer = options_.layer;
  s.experts = options_.experts;
  s.k = options_.k;
  s.rows = rows_;
  s.load_kind = options_.load_kind;
  s.use = use_;
  Index choices = 0;
  for (const ExpertUse& u : use_) choices += u.tokens;
  for (Index e = 0; e < s.experts; ++e) {
    ExpertUse& u = s.use[e];
    u.load = sums_.load.empty() ? 0 : sums_.load[e];
    u.mean_gate = ratio(u.importance, static_cast<double>(u.tokens));
    u.share = ratio(static_cast<double>(u.tokens), static_cast<double>(choices));
    u.contexts = contexts_.best(e);
    if (u.tokens == 0) s.dead.push_back(e);
  }
  fill_preferences(preference, s.use);
  s.k_mean = ratio(static_cast<double>(choices), static_cast<double>(rows_));
  const std::vector<double> tokens = collect(s.use, &ExpertUse::tokens), load = collect(s.use, &ExpertUse::load);
  s.cv_importance = coefficient_of_variation(collect(use_, &ExpertUse::importance));
  s.cv_load = coefficient_of_variation(load);
  s.max_over_mean_load = max_over_mean(load);
  s.max_over_mean_tokens = max_over_mean(tokens);
  s.jain = jain_index(tokens);
  s.usage_entropy = entropy(tokens);
  s.gate_entropy = ratio(gate_entropy_, static_cast<double>(rows_));
  s.labels = options_.labels;
  s.label_tokens = label_tokens_;
  s.label_rows = label_rows_;
  s.together = together_;
  s.information = measure_information(sample_, options_.seed);
  s.rare_pairs_dropped = pairs_.dropped();
  return s;
}

}  // namespace moelm
