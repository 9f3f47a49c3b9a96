#include "moe/hierarchical_gate.hpp"

#include "base/check.hpp"

namespace moelm {

namespace {

/// The range of a group's rows within the gathered rows.
struct RowRange {
  Index begin, end;
  bool empty() const { return begin == end; }
};

RowRange rows_of(const Dispatch& groups, std::size_t group) { return {groups.offset[group], groups.offset[group + 1]}; }

/// The noise of a group's gate. A gathered row gets the noise of its original row, for the experts of the group.
NoiseSampler group_noise(const GatePass& pass, const Dispatch& groups, RowRange range, Index first_expert) {
  if (!pass.sample_noise) return nullptr;
  return [&pass, &groups, range, first_expert](Index row, Index first, Index count, float* out) {
    pass.sample_noise(groups.row[static_cast<std::size_t>(range.begin + row)], first_expert + first, count, out);
  };
}

/// Calls visit(pair of the primary routing, group, pair of that group's routing, global expert) for every pair of a row
/// in order.
template <class Visit>
void for_each_pair(const MoeConfig& config, const HierarchyCache& cache, Index row, Visit&& visit) {
  for (std::size_t p = cache.primary.first_pair(row); p < cache.primary.first_pair(row + 1); ++p) {
    const auto g = static_cast<std::size_t>(cache.primary.expert[p]);
    const Index local = cache.groups.slot[p] - cache.groups.offset[g];
    const Routing& group = cache.routing[g];
    for (std::size_t q = group.first_pair(local); q < group.first_pair(local + 1); ++q)
      visit(p, g, q, static_cast<Index>(g) * config.group_size() + group.expert[q]);
  }
}

/// Equations 12 and 13: the pairs of both levels.
void merge_pairs(const MoeConfig& config, const HierarchyCache& cache, Routing& routing) {
  routing.shape(cache.primary.rows, config.experts, 0);
  for (Index n = 0; n < routing.rows; ++n) {
    for_each_pair(config, cache, n, [&](std::size_t p, std::size_t g, std::size_t q, Index expert) {
      routing.expert.push_back(static_cast<std::int32_t>(expert));
      routing.gate.push_back(cache.primary.gate[p] * cache.routing[g].gate[q]);
    });
    routing.begin[static_cast<std::size_t>(n) + 1] = routing.pairs();
  }
  routing.count_pairs();
}

/// The parts of equation 14.
void merge_loads(const HierarchyCache& cache, RoutingSums& sums) {
  sums.primary_load = cache.primary.sums.load;
  sums.group_rows.assign(cache.primary.sums.tokens.begin(), cache.primary.sums.tokens.end());
  sums.secondary_load.clear();
  for (const Routing& group : cache.routing)
    sums.secondary_load.insert(sums.secondary_load.end(), group.sums.load.begin(), group.sums.load.end());
  sums.combine_levels();
}

/// How often the noise of either level changed the choice. A level without noise keeps every choice.
void merge_clean_choices(const MoeConfig& config, const HierarchyCache& cache, RoutingSums& sums) {
  const auto& primary = cache.primary_gate.clean_choice;
  for (Index n = 0; n < cache.primary.rows; ++n)
    for_each_pair(config, cache, n, [&](std::size_t p, std::size_t g, std::size_t q, Index) {
      const auto& group = cache.gate[g].clean_choice;
      if (primary.empty() && group.empty()) return;
      ++sums.noisy_pairs;
      sums.clean_pairs += (primary.empty() || primary[p] != 0) && (group.empty() || group[q] != 0) ? 1 : 0;
    });
}

/// Gradients of the gates of both levels from those of their products.
void split_gate_gradients(const MoeConfig& config, const Routing& routing, const RoutingGradient& gradient,
                          HierarchyCache& cache) {
  cache.dprimary.gate.assign(cache.primary.gate.size(), 0.0f);
  for (std::size_t g = 0; g < cache.routing.size(); ++g) cache.drouting[g].gate.resize(cache.routing[g].gate.size());
  for (Index n = 0; n < routing.rows; ++n) {
    std::size_t pair = routing.first_pair(n);
    for_each_pair(config, cache, n, [&](std::size_t p, std::size_t g, std::size_t q, Index expert) {
      const float d = gradient.gate[pair++] + static_cast<float>(gradient.importance[static_cast<std::size_t>(expert)]);
      cache.dprimary.gate[p] += d * cache.routing[g].gate[q];
      cache.drouting[g].gate[q] = d * cache.primary.gate[p];
    });
  }
}

/// Gradients of Load_primary and Load_i from those of their products (equation 14); |X^(i)| is a constant.
void split_load_gradients(const MoeConfig& config, const RoutingGradient& gradient, const RoutingSums& sums,
                          HierarchyCache& cache) {
  const auto in_group = static_cast<std::size_t>(config.group_size());
  cache.dprimary.importance.assign(cache.routing.size(), 0.0);
  cache.dprimary.load.assign(cache.routing.size(), 0.0);
  for (std::size_t g = 0; g < cache.routing.size(); ++g) {
    cache.drouting[g].importance.assign(in_group, 0.0);
    cache.drouting[g].load.assign(in_group, 0.0);
    if (sums.group_rows[g] == 0) continue;
    const double rows = sums.group_rows[g];
    for (std::size_t j = 0; j < in_group; ++j) {
      const double d = gradient.load[g * in_group + j] / rows;
      cache.dprimary.load[g] += d * sums.secondary_load[g * in_group + j];
      cache.drouting[g].load[j] = d * sums.primary_load[g];
    }
  }
}

}  // namespace

void hierarchical_gate_forward(Context& context, const MoeConfig& config, const GateParameters& primary,
                               std::span<const GateParameters> groups, ConstMatrixView x, const GatePass& pass,
                               HierarchyCache& cache, Routing& routing) {
  ensure(static_cast<Index>(groups.size()) == config.groups, "a gate for each group");
  GatePass first = pass;
  if (pass.sample_noise)
    first.sample_noise = [&](Index row, Index begin, Index count, float* out) {
      pass.sample_noise(row, config.experts + begin, count, out);
    };
  gate_forward(context, config.primary_gate(), primary, x, first, cache.primary_gate, cache.primary);
  plan_dispatch(cache.primary, cache.groups);
  cache.x.reshape(cache.groups.slots(), x.cols);
  dispatch_rows(context, cache.groups, x, cache.x);

  cache.gate.resize(groups.size());
  cache.routing.resize(groups.size());
  context.parallel_for(config.groups, [&](Index i) {
    const auto g = static_cast<std::size_t>(i);
    const RowRange range = rows_of(cache.groups, g);
    Routing& group_routing = cache.routing[g];
    if (range.empty()) {
      group_routing.shape(0, config.group_size(), 0);
      return group_routing.count_pairs();
    }
    const GatePass secondary{pass.training, group_noise(pass, cache.groups, range, i * config.group_size())};
    gate_forward(context, config.secondary_gate(), groups[g], cache.x.view().row_range(range.begin, range.end),
                 secondary, cache.gate[g], group_routing);
  });
  merge_pairs(config, cache, routing);
  merge_loads(cache, routing.sums);
  merge_clean_choices(config, cache, routing.sums);
}

void hierarchical_gate_backward(Context& context, const MoeConfig& config, const GateParameters& primary,
                                std::span<const GateParameters> groups, ConstMatrixView x, const Routing& routing,
                                const RoutingGradient& gradient, const RoutingSums& sums, HierarchyCache& cache,
                                GateParameters& dprimary, std::span<GateParameters> dgroups, MatrixView dx) {
  cache.drouting.resize(groups.size());
  split_gate_gradients(config, routing, gradient, cache);
  split_load_gradients(config, gradient, sums, cache);
  cache.dx.reshape(cache.x.rows(), cache.x.cols());
  cache.dx.zero();
  context.parallel_for(config.groups, [&](Index i) {
    const auto g = static_cast<std::size_t>(i);
    const RowRange range = rows_of(cache.groups, g);
    if (range.empty()) return;
    gate_backward(context, config.secondary_gate(), groups[g], cache.x.view().row_range(range.begin, range.end),
                  cache.routing[g], cache.drouting[g], cache.gate[g], dgroups[g],
                  cache.dx.view().row_range(range.begin, range.end));
  });
  dispatch_backward(context, cache.groups, cache.primary, cache.dx, 1, dx);
  gate_backward(context, config.primary_gate(), primary, x, cache.primary, cache.dprimary, cache.primary_gate, dprimary,
                dx);
}

}  // namespace moelm
