// The gradients of what every rank has a copy of, summed over the lanes of a step. Every rank gets the sums and makes
// the same update of its copy. Sums travel while the layers below are computed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "dist/collectives.hpp"
#include "dist/communicator.hpp"
#include "dist/lane_tree.hpp"
#include "nn/row_gradient.hpp"
#include "tensor/matrix.hpp"

namespace moelm {

/// Gradients of the copied tensors of a layer, in an order that is the same on all ranks.
struct CopiedGradients {
  std::vector<Matrix*> whole;
  std::vector<RowGradient*> rows;
};

/// Matrices that the sums of a step no longer need, for those that follow: of each layer, the whole gradients of a
/// lane.
using SpareGradients = std::vector<std::vector<std::vector<Matrix>>>;

/// One step. Not thread-safe. REQUIRES that the gradients of `layers` stay where they are, and that `spare` outlives
/// it.
class GradientSum {
 public:
  GradientSum(Communicator& ranks, Index lanes, std::vector<CopiedGradients> layers, SpareGradients& spare);
  /// Waits for what is on its way, unless an exception ends this rank.
  ~GradientSum();
  GradientSum(const GradientSum&) = delete;
  GradientSum& operator=(const GradientSum&) = delete;

  /// Takes the gradients of a layer for this rank's next lane: their memory moves here.
  void take_lane(Context& context, std::size_t layer);

  /// The whole gradients of a layer, of which all lanes of this rank are taken, begin to travel. A whole gradient is
  /// cut into slices: each rank adds one slice of it along the tree of lanes and sends the sum to all. All ranks call
  /// it for all layers in the same order.
  void start_whole(std::size_t layer);

  /// The gradients of rows of this rank's lanes, for start_rows. REQUIRES all lanes.
  Bytes rows_of_lanes();

  /// Gradients of rows begin to travel; `sizes` has the bytes of every rank's rows_of_lanes. All ranks call it.
  void start_rows(Bytes own, const std::vector<Index>& sizes);

  /// Puts the sums over all lanes of all ranks into the gradients.
  void finish();

 private:
  struct Partial {
    std::vector<Matrix> whole;
    std::vector<RowGradient> rows;
  };
  struct Layer;

  void add_rows_of_ranks();
  /// Leaves the whole gradients of a layer with memory of their shapes.
  void renew(std::size_t layer, const std::vector<Matrix>& like);

  Communicator& ranks_;
  Index lanes_;
  int exceptions_;
  std::vector<Layer> layers_;
  SpareGradients& spare_;
  std::vector<Bytes> rows_;  ///< of every rank
  std::unique_ptr<Transfer> rows_transfer_;
};

}  // namespace moelm
