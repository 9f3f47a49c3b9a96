#include "bench/ranks/rank_request.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/quantity.hpp"

namespace moelm {

namespace {

constexpr double kMatrices = 2, kPasses = 3, kOperations = 2;

}  // namespace

std::vector<Index> parse_sizes(std::string_view text, std::string_view option, Index max) {
  const auto refuse = [&]() -> Index {
    throw Error(Exit::usage, std::string(option) + ": expected numbers from 1 to " + format_count(max) +
                                 " like 2,4,16 or a range that doubles like 2..1000, found \"" + excerpt(text) + "\"");
  };
  const auto number = [&](std::string_view part) {
    const std::optional<Index> value = parse_index(part);
    return value && *value >= 1 && *value <= max ? *value : refuse();
  };
  std::vector<Index> sizes;
  if (const std::size_t dots = text.find(".."); dots != std::string_view::npos) {
    const Index first = number(text.substr(0, dots)), last = number(text.substr(dots + 2));
    if (last < first) refuse();
    for (Index size = first; size < last; size *= 2) sizes.push_back(size);
    sizes.push_back(last);
    return sizes;
  }
  for (;;) {
    const std::size_t comma = text.find(',');
    sizes.push_back(number(text.substr(0, comma)));
    if (comma == std::string_view::npos) return sizes;
    text.remove_prefix(comma + 1);
  }
}

StepShape RankRequest::shape(Index of_ranks) const {
  StepShape shape;
  shape.vocabulary = vocabulary;
  shape.rows = rows * of_ranks;
  shape.ranks = static_cast<int>(of_ranks);
  shape.lanes = std::max(config.train.lanes, of_ranks);
  shape.unroll = config.train.unroll;
  shape.overlapped = overlapped;
  return shape;
}

std::vector<RankCosts> predict_ranks(const RankRequest& request, const Network& network) {
  std::vector<RankCosts> costs;
  for (const Index ranks : request.ranks)
    costs.push_back(simulate_step(request.config, request.shape(ranks), request.machine, network, request.unevenness,
                                  request.drawing));
  return costs;
}

std::vector<double> predict_widths(const RankRequest& request, const Network& network) {
  std::vector<double> shares;
  const Index ranks = *std::max_element(request.ranks.begin(), request.ranks.end());
  for (const Index width : request.widths) {
    RunConfig config = request.config;
    for (LayerConfig& layer : config.model.layers)
      if (auto* moe = std::get_if<MoeConfig>(&layer)) moe->hidden = {width};
    shares.push_back(
        simulate_step(config, request.shape(ranks), request.machine, network, request.unevenness, request.drawing)
            .share_of_work());
  }
  return shares;
}

double operations_of_byte(Index width, DataType products) {
  const double there = products == DataType::bf16 ? sizeof(Bf16) : sizeof(float), back = sizeof(float);
  return kPasses * kMatrices * kOperations * static_cast<double>(width) / (2 * there + 2 * back);
}

double even_width(const MachineRates& machine, const Network& network, DataType products) {
  return kOperations * machine.multiply_adds / network.bytes_per_second / operations_of_byte(1, products);
}

}  // namespace moelm
