#include "moe/routing.hpp"

#include "base/check.hpp"

namespace moelm {

namespace {

template <class T>
void add_values(const std::vector<T>& from, std::vector<T>& to) {
  if (to.empty()) to.resize(from.size());
  ensure(from.empty() || from.size() == to.size(), "sums of one layer");
  for (std::size_t i = 0; i < from.size(); ++i) to[i] += from[i];
}

}  // namespace

void RoutingSums::reset(Index experts) {
  *this = RoutingSums{};
  const auto count = static_cast<std::size_t>(experts);
  tokens.resize(count);
  importance.resize(count);
  load.resize(count);
}

void RoutingSums::add(const RoutingSums& other) {
  rows += other.rows;
  add_values(other.tokens, tokens);
  add_values(other.importance, importance);
  add_values(other.load, load);
  add_values(other.probability, probability);
  add_values(other.primary_load, primary_load);
  add_values(other.secondary_load, secondary_load);
  add_values(other.group_rows, group_rows);
  z += other.z;
  threshold_loss += other.threshold_loss;
  noisy_pairs += other.noisy_pairs;
  clean_pairs += other.clean_pairs;
  combine_levels();
}

void RoutingSums::combine_levels() {
  if (primary_load.empty()) return;
  const std::size_t in_group = load.size() / primary_load.size();
  for (std::size_t e = 0; e < load.size(); ++e) {
    const std::size_t g = e / in_group;
    load[e] = group_rows[g] == 0 ? 0 : primary_load[g] * secondary_load[e] / group_rows[g];
  }
}

void Routing::shape(Index row_count, Index expert_count, Index k) {
  rows = row_count;
  experts = expert_count;
  begin.resize(static_cast<std::size_t>(rows) + 1);
  for (Index n = 0; n <= rows; ++n) begin[static_cast<std::size_t>(n)] = n * k;
  expert.resize(static_cast<std::size_t>(rows * k));
  gate.resize(static_cast<std::size_t>(rows * k));
}

void Routing::append(const Routing& other) {
  ensure(experts == other.experts, "routings over the same experts");
  const Index pairs_before = pairs();
  for (Index n = 1; n <= other.rows; ++n) begin.push_back(pairs_before + other.begin[static_cast<std::size_t>(n)]);
  expert.insert(expert.end(), other.expert.begin(), other.expert.end());
  gate.insert(gate.end(), other.gate.begin(), other.gate.end());
  rows += other.rows;
  sums.add(other.sums);
}

void Routing::count_pairs() {
  sums.reset(experts);
  sums.rows = rows;
  for (std::size_t p = 0; p < expert.size(); ++p) {
    const auto e = static_cast<std::size_t>(expert[p]);
    ++sums.tokens[e];
    sums.importance[e] += static_cast<double>(gate[p]);
  }
  for (std::size_t e = 0; e < sums.tokens.size(); ++e) sums.load[e] = static_cast<double>(sums.tokens[e]);
}

}  // namespace moelm
