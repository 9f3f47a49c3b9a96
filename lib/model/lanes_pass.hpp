// The passes of all lanes of a rank through the model, a layer at a time. Each lane has its own sums and gradients,
// which the caller adds along the tree of dist/lane_tree.hpp. What reads weights works on all lanes together where it
// can: an LSTM on all streams, the experts on the rows of all lanes in their order.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "model/language_model.hpp"
#include "model/step_parts.hpp"

namespace moelm {

/// What backward and the optimizer need, and the memory of a step. For one step at a time, whose threads share it.
struct LanesCache {
  std::vector<ModelCache> lanes;
  std::vector<MoeCache> experts;               ///< one entry per layer: the experts of all lanes, but not their gates
  std::vector<LstmCache> lstms;                ///< one entry per layer, if there are several lanes
  LstmState state;                             ///< of all streams, for one LSTM after the other
  Matrix rows, results;                        ///< what a layer gets from all lanes, and what it gives
  Matrix dsums, previous_h, dh_total, hidden;  ///< LstmFactors of a lane
  std::vector<LayerGradients> tables;          ///< if tied: gradients of the lanes' table from the softmax alone
  std::vector<double> nll;                     ///< of the rows of a lane
};

/// Called when the gradients of a layer are complete for a lane: from the last layer to the first, in each for all
/// lanes in their order. May take the gradients away and leave others of the same shapes.
using LaneDone = std::function<void(std::size_t layer, std::size_t lane)>;

/// Runs all layers up to the softmax in training, and advances the states of the lanes. With several ranks all of them
/// call it, and their experts work for each other. REQUIRES options.training, and lanes that follow each other in what
/// cut_lanes made of a batch, at least one. Lanes may be empty; if all are, there are other ranks.
void lanes_forward(Context& context, const ModelConfig& config, const ModelParameters& parameters,
                   std::span<Lane> lanes, const PassOptions& options, LanesCache& cache);

/// What follows a lanes_forward with the same arguments, but that options.part.sums, which it REQUIRES, are known now.
/// Fills `gradients` anew for each layer and lane; the factors of the experts' gradients stay in the cache. Returns
/// each lane's share of the step's mean cross-entropy.
std::vector<double> lanes_backward(Context& context, const ModelConfig& config, const ModelParameters& parameters,
                                   std::span<Lane> lanes, const PassOptions& options, LanesCache& cache,
                                   ModelGradients& gradients, const LaneDone& done);

}  // namespace moelm
