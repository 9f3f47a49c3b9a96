#include "statistics/information.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "base/check.hpp"
#include "base/random.hpp"
#include "statistics/measures.hpp"

namespace moelm {
namespace {

/// A number below `bound` that depends on (seed, name, index) alone.
Index random_below(const RandomStream& random, Index index, Index bound) {
  const auto bits = random.bits(0, index, 0);
  const std::uint64_t wide = (std::uint64_t{bits[0]} << 32) | bits[1];
  return static_cast<Index>(wide % static_cast<std::uint64_t>(bound));
}

std::vector<Index> sorted_by(std::span<const std::int64_t> key) {
  std::vector<Index> order(key.size());
  std::iota(order.begin(), order.end(), Index{0});
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) { return key[a] < key[b]; });
  return order;
}

/// Permutes `label` among the rows that share a group; rows of group -1 stay.
std::vector<std::int64_t> shuffled_within(std::span<const std::int64_t> label, std::span<const std::int64_t> group,
                                          const RandomStream& random) {
  const std::vector<Index> order = sorted_by(group);
  std::vector<std::int64_t> result(label.begin(), label.end());
  const auto rows = static_cast<Index>(order.size());
  Index begin = 0;
  for (Index i = 0; i < rows; ++i) {
    if (group[order[i]] != group[order[begin]]) begin = i;
    if (group[order[i]] >= 0)
      std::swap(result[order[i]], result[order[begin + random_below(random, i, i - begin + 1)]]);
  }
  return result;
}

std::vector<std::int64_t> pairs(std::span<const std::int64_t> a, std::span<const std::int64_t> b) {
  std::vector<std::int64_t> result(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) result[i] = a[i] < 0 || b[i] < 0 ? -1 : (a[i] << 32) | b[i];
  return result;
}

/// I(label; expert | group) and the same with the labels shuffled inside each group.
Information information(const RoutingSample& sample, std::span<const std::int64_t> label,
                        std::span<const std::int64_t> group, const RandomStream& random) {
  const double without = sample.entropy_given(group);
  const auto known = [&](std::span<const std::int64_t> labels) {
    return std::max(0.0, without - sample.entropy_given(pairs(group, labels)));
  };
  return {known(label), known(shuffled_within(label, group, random))};
}

}  // namespace

RoutingSample::RoutingSample(Index experts, Index k, Index limit, std::uint64_t seed)
    : experts_(experts), k_(k), limit_(limit), seed_(seed) {
  ensure(experts > 0 && k > 0 && limit > 0, "a sample of routed rows");
}

void RoutingSample::add(std::int32_t token, std::int32_t label, std::span<const std::int32_t> expert,
                        std::span<const float> gate) {
  ensure(static_cast<Index>(expert.size()) <= k_ && gate.size() == expert.size(), "at most k experts a row");
  if (std::none_of(gate.begin(), gate.end(), [](float g) { return g > 0; })) return;
  ++seen_;
  if (rows() < limit_) {
    token_.push_back(token);
    label_.push_back(label);
    expert_.resize(token_.size() * static_cast<std::size_t>(k_));
    gate_.resize(expert_.size());
    return put(rows() - 1, expert, gate);
  }
  const Index slot = random_below(RandomStream(seed_, "statistics-sample", 0), seen_, seen_);
  if (slot >= limit_) return;
  token_[slot] = token;
  label_[slot] = label;
  put(slot, expert, gate);
}

void RoutingSample::put(Index row, std::span<const std::int32_t> expert, std::span<const float> gate) {
  std::fill_n(expert_.begin() + row * k_, k_, -1);
  std::copy(expert.begin(), expert.end(), expert_.begin() + row * k_);
  std::copy(gate.begin(), gate.end(), gate_.begin() + row * k_);
}

double RoutingSample::entropy_given(std::span<const std::int64_t> group) const {
  const std::vector<Index> order = sorted_by(group);
  std::vector<double> mass(experts_);
  std::vector<std::int32_t> touched;
  double total = 0, rows_counted = 0;
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    for (; end < order.size() && group[order[end]] == group[order[begin]]; ++end) {
      const Index row = order[end];
      double sum = 0;
      for (Index j = row * k_; j < (row + 1) * k_; ++j) sum += expert_[j] >= 0 ? gate_[j] : 0;
      for (Index j = row * k_; sum > 0 && j < (row + 1) * k_; ++j) {
        if (expert_[j] < 0) continue;
        if (mass[expert_[j]] == 0) touched.push_back(expert_[j]);
        mass[expert_[j]] += gate_[j] / sum;
      }
    }
    std::vector<double> shares;
    for (const std::int32_t e : touched) shares.push_back(std::exchange(mass[e], 0.0));
    touched.clear();
    if (group[order[begin]] >= 0) {
      total += static_cast<double>(end - begin) * entropy(shares);
      rows_counted += static_cast<double>(end - begin);
    }
    begin = end;
  }
  return rows_counted > 0 ? total / rows_counted : 0;
}

InformationReport measure_information(const RoutingSample& sample, std::uint64_t seed) {
  const RandomStream random(seed, "statistics-shuffle", 0);
  std::vector<std::int64_t> label(sample.labels().begin(), sample.labels().end());
  std::vector<std::int64_t> token(sample.tokens().begin(), sample.tokens().end());
  std::vector<std::int64_t> labelled(label.size());
  std::map<std::int64_t, double> counts;
  InformationReport report;
  for (std::size_t i = 0; i < label.size(); ++i) {
    labelled[i] = label[i] < 0 ? -1 : 0;
    if (label[i] < 0) {
      token[i] = -1;
      continue;
    }
    ++report.rows;
    ++counts[label[i]];
  }
  std::vector<double> shares;
  for (const auto& [name, count] : counts) shares.push_back(count);
  report.label_entropy = entropy(shares);
  report.expert_entropy = sample.entropy_given(labelled);
  report.label_expert = information(sample, label, labelled, random);
  report.label_given_token = information(sample, label, token, random);
  report.token_expert = information(sample, token, labelled, random);
  return report;
}

}  // namespace moelm
