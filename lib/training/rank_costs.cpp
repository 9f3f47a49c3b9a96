#include "training/rank_costs.hpp"

#include <algorithm>
#include <cmath>

#include "model/parameters.hpp"
#include "model/size.hpp"
#include "ops/faster_type.hpp"
#include "ops/memory_rate.hpp"
#include "training/memory.hpp"

namespace moelm {

namespace {

constexpr double kPasses = 3;             // forward, gradients of inputs, gradients of weights
constexpr double kShareOfProducts = 0.5;  // of the speed of products alone that a step reaches, measured on two cores
constexpr double kMemoryThreads = 2;      // that are enough to read as fast as the memory gives
/// Exchanges of a step in which every rank waits for another, beside five of each MoE layer.
constexpr double kExchangesOfStep = 20, kExchangesOfLayer = 5;

double as_double(Index value) { return static_cast<double>(value); }

/// Bytes that an update reads and writes for each weight of an expert.
double update_bytes(OptimizerKind kind) { return kind == OptimizerKind::adam ? 32 : 16; }

/// The most rows that the experts of one of R ranks get, in shares of the mean, for a load with this CV.
double overload(double experts, int ranks) {
  constexpr double kCv = 0.1;
  if (ranks == 1) return 1;
  return 1 + kCv * std::sqrt(2 * std::log(ranks)) / std::sqrt(std::max(experts / ranks, 1.0));
}

/// One MoE layer that reads `width` units.
void add_experts(const RunConfig& config, const MoeConfig& moe, Index width, double step_rows,
                 const MachineRates& machine, const Network& network, RankCosts& costs) {
  const double weights = as_double(expert_weights(moe, width)), k = as_double(moe.experts_per_token());
  const double busiest = overload(as_double(moe.experts), costs.ranks);
  const double touched =
      as_double(moe.experts) * (1 - std::pow(1 - std::min(1.0, k / as_double(moe.experts)), step_rows));
  costs.compute +=
      busiest * (kPasses * costs.rows * k * weights / machine.multiply_adds +
                 touched / costs.ranks * weights * update_bytes(config.optimizer.experts.kind) / machine.memory);
  if (costs.ranks == 1) return;
  const double elsewhere = 1 - 1.0 / costs.ranks;
  const double bytes = busiest * 4 * sizeof(float) * costs.rows * k * as_double(width) * elsewhere;
  costs.exchange_bytes += bytes;
  costs.exchange += bytes / network.bytes_per_second;
  costs.messages += kExchangesOfLayer * network.latency;
}

}  // namespace

RankCosts rank_costs(const RunConfig& config, Index vocabulary, Index rows, int ranks, const MachineRates& machine,
                     const Network& network) {
  RankCosts costs;
  costs.ranks = ranks;
  costs.rows = as_double(rows) / ranks;
  const ModelSize size = model_size(config.model, vocabulary);
  const std::vector<Index> widths = input_widths(config.model);
  double ops = as_double(size.ops_per_timestep) + as_double(size.softmax_training_ops);
  for (std::size_t l = 0; l < config.model.layers.size(); ++l) {
    const auto* moe = std::get_if<MoeConfig>(&config.model.layers[l]);
    if (moe == nullptr) continue;
    ops -= as_double(moe->experts_per_token()) * as_double(expert_weights(*moe, widths[l]));
    add_experts(config, *moe, widths[l], as_double(rows), machine, network, costs);
  }
  costs.compute += kPasses * costs.rows * ops / machine.multiply_adds;
  if (ranks == 1) return costs;
  double copied = 0, of_row = 0;
  for (const LayerTensors& layer : model_tensors(config.model, vocabulary))
    for (const TensorBlock& block : layer)
      for (const TensorSpec& spec : block.tensors) {
        if (spec.gradient == GradientForm::whole)
          copied += as_double(block.copies) * as_double(spec.rows) * as_double(spec.columns);
        if (spec.gradient == GradientForm::rows && !spec.vector) of_row += as_double(spec.columns);
      }
  const auto& softmax = std::get<SoftmaxConfig>(config.model.layers.back());
  const double distinct = std::min(costs.rows + as_double(softmax.samples), as_double(vocabulary));
  costs.copy_bytes = 2 * copied * sizeof(float) * (1 - 1.0 / ranks);
  costs.table_bytes = distinct * of_row * sizeof(float) * (ranks - 1);
  costs.copies = costs.copy_bytes / network.bytes_per_second;
  costs.tables = costs.table_bytes / network.bytes_per_second;
  costs.messages += kExchangesOfStep * network.latency;
  return costs;
}

MachineRates measure_rates(DataType products, int threads) {
  return {kShareOfProducts * threads * measure_product_rate(products),
          std::min(as_double(threads), kMemoryThreads) * measure_memory_rate()};
}

}  // namespace moelm
