#include "bench/plain_gates.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace moelm {

namespace {

constexpr double kTie = 1e-4;  // logits nearer than this may be chosen either way

std::vector<Index> first(Index count) {
  std::vector<Index> all(count);
  std::iota(all.begin(), all.end(), Index{0});
  return all;
}

bool are_largest(const Doubles& logits, const std::vector<Index>& chosen) {
  Doubles sorted = logits;
  std::sort(sorted.rbegin(), sorted.rend());
  return std::all_of(chosen.begin(), chosen.end(),
                     [&](Index i) { return logits[i] >= sorted[chosen.size() - 1] - kTie; });
}

Doubles softmax(Doubles logits) {
  const double max_logit = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (double& l : logits) sum += l = std::exp(l - max_logit);
  for (double& l : logits) l /= sum;
  return logits;
}

}  // namespace

Doubles PlainGates::gates(Index row, const Doubles& x, const std::vector<Index>& experts) const {
  if (!config_.hierarchical()) return softmax(logits(p_.primary, 0, row, x, experts));
  std::vector<Index> groups;
  for (const Index e : experts)
    if (groups.empty() || groups.back() != e / config_.group_size()) groups.push_back(e / config_.group_size());
  const Doubles group_gates = softmax(logits(p_.primary, config_.experts, row, x, groups));
  Doubles all;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    std::vector<Index> inside;
    for (const Index e : experts)
      if (e / config_.group_size() == groups[g]) inside.push_back(e % config_.group_size());
    for (const double gate : softmax(group_logits(groups[g], row, x, inside))) all.push_back(group_gates[g] * gate);
  }
  return all;
}

bool PlainGates::are_top_k(Index row, const Doubles& x, const std::vector<Index>& experts) const {
  if (!config_.hierarchical()) return are_largest(logits(p_.primary, 0, row, x, first(config_.experts)), experts);
  std::vector<Index> groups, inside;
  for (std::size_t i = 0; i < experts.size(); ++i) {
    const Index group = experts[i] / config_.group_size();
    inside.push_back(experts[i] % config_.group_size());
    if (i + 1 < experts.size() && experts[i + 1] / config_.group_size() == group) continue;
    groups.push_back(group);
    if (!are_largest(group_logits(group, row, x, first(config_.group_size())), inside)) return false;
    inside.clear();
  }
  return are_largest(logits(p_.primary, config_.experts, row, x, first(config_.groups)), groups);
}

Doubles PlainGates::group_logits(Index group, Index row, const Doubles& x, const std::vector<Index>& which) const {
  return logits(p_.groups[group], group * config_.group_size(), row, x, which);
}

Doubles PlainGates::logits(const GateParameters& p, Index first_draw, Index row, const Doubles& x,
                           const std::vector<Index>& which) const {
  Doubles h;
  for (const Index i : which) {
    double clean = 0, raw = 0;
    for (std::size_t d = 0; d < x.size(); ++d) {
      clean += static_cast<double>(p.weight(i, static_cast<Index>(d))) * x[d];
      raw += static_cast<double>(p.noise(i, static_cast<Index>(d))) * x[d];
    }
    float z = 0;
    draw_(row, first_draw + i, 1, &z);
    h.push_back(clean + static_cast<double>(z) * (std::log1p(std::exp(raw)) + config_.noise_epsilon));
  }
  return h;
}

}  // namespace moelm
