#include "statistics/routing_order.hpp"

#include <algorithm>

namespace moelm {

std::vector<std::pair<std::int32_t, float>> by_falling_gate(const Routing& routing, Index row) {
  const auto experts = routing.experts_of(row);
  const auto gates = routing.gates_of(row);
  std::vector<std::pair<std::int32_t, float>> pairs;
  for (std::size_t j = 0; j < experts.size(); ++j) pairs.emplace_back(experts[j], gates[j]);
  std::sort(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  return pairs;
}

}  // namespace moelm
