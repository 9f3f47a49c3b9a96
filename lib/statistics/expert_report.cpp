#include "statistics/expert_report.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <utility>

namespace moelm {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

std::vector<TokenUse> with_text(const std::vector<TokenPreference>& tokens, const TextAccess& text) {
  std::vector<TokenUse> result;
  result.reserve(tokens.size());
  for (const TokenPreference& p : tokens)
    result.push_back({text.token_text(p.token), p.token, p.count, p.share, p.lift});
  return result;
}

ContextWords context_at(const ContextRow& place, const TextAccess& text) {
  const Index begin = std::max<Index>(place.row - text.radius, 0);
  const Index end = std::min(place.row + text.radius + 1, text.rows);
  std::vector<std::int32_t> ids;
  text.tokens(begin, end - begin, ids);
  ContextWords words;
  words.gate = static_cast<double>(place.gate);
  words.row = place.row;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const Index row = begin + static_cast<Index>(i);
    const std::string token = text.token_text(ids[i]);
    if (row < place.row) words.before.append(token).append(text.separator);
    if (row == place.row) words.token = token;
    if (row > place.row) words.after.append(text.separator).append(token);
  }
  return words;
}

}  // namespace

LayerReport describe_layer(LayerStatistics statistics, const TextAccess& text, Index contexts) {
  LayerReport report;
  for (const ExpertUse& use : statistics.use) {
    ExpertWords words;
    words.by_lift = with_text(use.by_lift, text);
    words.by_count = with_text(use.by_count, text);
    // Texts repeat themselves: the same words are shown once.
    std::set<std::string> shown;
    for (const ContextRow& place : use.contexts) {
      if (static_cast<Index>(words.contexts.size()) == contexts) break;
      ContextWords found = context_at(place, text);
      if (shown.insert(found.before + found.token + found.after).second) words.contexts.push_back(std::move(found));
    }
    report.words.push_back(std::move(words));
  }
  report.statistics = std::move(statistics);
  return report;
}

std::vector<Index> shown_experts(const LayerStatistics& statistics, Index room) {
  std::vector<Index> order(statistics.experts);
  std::iota(order.begin(), order.end(), Index{0});
  if (statistics.experts <= room) return order;
  std::stable_sort(order.begin(), order.end(),
                   [&](Index a, Index b) { return statistics.use[a].tokens > statistics.use[b].tokens; });
  const Index busiest = (room + 1) / 2;
  order.erase(order.begin() + busiest, order.end() - (room - busiest));
  return order;
}

double class_preference(const LayerStatistics& statistics, Index label, Index expert) {
  const auto counts = statistics.label_tokens.begin();
  const double rows = static_cast<double>(statistics.label_rows[label]);
  if (rows < 5) return kNone;
  const Index experts = statistics.experts;
  double choices = 0, of_expert = 0, all = 0;
  for (Index e = 0; e < experts; ++e) choices += static_cast<double>(counts[label * experts + e]);
  for (Index l = 0; l < statistics.labels; ++l) {
    of_expert += static_cast<double>(counts[l * experts + expert]);
    all += static_cast<double>(statistics.label_rows[l]) * statistics.k_mean;
  }
  if (of_expert == 0 || choices == 0) return kNone;
  return std::log2(static_cast<double>(counts[label * experts + expert]) / choices / (of_expert / all));
}

double pair_preference(const LayerStatistics& statistics, Index a, Index b) {
  if (a == b) return kNone;
  double sum = 0, squares = 0;
  for (const ExpertUse& u : statistics.use) {
    sum += static_cast<double>(u.tokens);
    squares += static_cast<double>(u.tokens) * static_cast<double>(u.tokens);
  }
  // A row never chooses an expert twice, so the expectation is over pairs of different experts.
  const double weight_of_pairs = (sum * sum - squares) / 2;
  const double pairs = static_cast<double>(statistics.together.total());
  const double chance = weight_of_pairs == 0
                            ? 0
                            : static_cast<double>(statistics.use[a].tokens) *
                                  static_cast<double>(statistics.use[b].tokens) / weight_of_pairs * pairs;
  return chance < 1 ? kNone : std::log2(static_cast<double>(statistics.together.count(a, b)) / chance);
}

}  // namespace moelm
