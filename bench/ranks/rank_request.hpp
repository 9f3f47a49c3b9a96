// What moe-bench --ranks is asked to predict, as a user writes it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/train_config.hpp"
#include "scale/step_simulation.hpp"

namespace moelm {

/// "2,4,16", or "2..1000": 2, 4, 8 ... 512, 1000. Error(usage) naming `option` for anything else.
std::vector<Index> parse_sizes(std::string_view text, std::string_view option, Index max);

struct RankRequest {
  RunConfig config;
  std::string model;  ///< the name of its preset
  std::vector<Index> ranks;
  std::vector<Index> widths;  ///< of the experts' hidden layer, to compare; empty: that of the model
  std::vector<Network> networks;
  Index rows = 1280;  ///< of a rank
  Index vocabulary = 10000;
  MachineRates machine;
  std::string machine_source;  ///< "measured here, 2 threads", "given"
  Unevenness unevenness;
  Drawing drawing;
  bool overlapped = true;  ///< as in StepShape

  StepShape shape(Index of_ranks) const;
  DataType products() const { return products_of(config.train); }
};

/// Predicted steps on each number of ranks.
std::vector<RankCosts> predict_ranks(const RankRequest& request, const Network& network);

/// The share of a step that is work on the most ranks, for each width of the experts' hidden layers.
std::vector<double> predict_widths(const RankRequest& request, const Network& network);

/// The operations of an expert with one hidden layer of so many units for each byte that travels for it: three passes
/// over two matrices, and four rows, of which two travel in the type of products.
double operations_of_byte(Index width, DataType products);

/// The width from which on the experts' work takes as long as the journey of their rows.
double even_width(const MachineRates& machine, const Network& network, DataType products);

}  // namespace moelm
