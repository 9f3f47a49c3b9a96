#include "scale/step_phase.hpp"

#include "dist/lane_tree.hpp"

namespace moelm {

double row_share(const StepShape& shape, int rank) {
  const LaneNode lanes = lanes_of_rank(shape.all_lanes(), rank, shape.ranks);
  return static_cast<double>(lanes.last - lanes.first) * shape.ranks / static_cast<double>(shape.all_lanes());
}

double bytes_sent(const StepPhase& phase, int ranks) {
  const double others = ranks - 1;
  switch (phase.flow) {
    case Flow::none:
      return 0;
    case Flow::to_owners:
    case Flow::to_homes:
      return phase.bytes * others / ranks;
    case Flow::to_all:
      return phase.bytes * others;
    case Flow::from_leader:
      return phase.bytes * others / ranks;
  }
  return 0;
}

}  // namespace moelm
