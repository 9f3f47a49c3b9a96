// The gradients of what every rank has a copy of, summed over the lanes of a step. Every rank gets the sums and makes
// the same update of its copy.
#pragma once

#include <vector>

#include "base/context.hpp"
#include "dist/communicator.hpp"
#include "dist/lane_tree.hpp"
#include "nn/row_gradient.hpp"
#include "tensor/matrix.hpp"

namespace moelm {

/// Gradients of all copied tensors, in an order that is the same on all ranks.
struct CopiedGradients {
  std::vector<Matrix*> whole;
  std::vector<RowGradient*> rows;
};

/// One step. Not thread-safe.
class GradientSum {
 public:
  GradientSum(Communicator& ranks, Index lanes);

  /// Takes the gradients of this rank's next lane: their memory moves here.
  void take_lane(Context& context, const CopiedGradients& gradients);

  /// Puts the sums over all lanes of all ranks into `gradients`. All ranks call it. A whole gradient is cut into
  /// slices: each rank adds one slice of it along the tree of lanes and sends the sum to all. REQUIRES all lanes of
  /// this rank.
  void finish(Context& context, const CopiedGradients& gradients);

 private:
  struct Partial {
    std::vector<Matrix> whole;
    std::vector<RowGradient> rows;
  };

  void sum_whole(const CopiedGradients& gradients);
  void sum_rows(const CopiedGradients& gradients);

  Communicator& ranks_;
  Index lanes_, next_;
  LaneSum<Partial> sum_;
};

}  // namespace moelm
