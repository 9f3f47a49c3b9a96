#include "training/softmax_switch.hpp"

#include <cmath>

namespace moelm {

Index first_full_softmax_step(double share, Index last_step) {
  return last_step - static_cast<Index>(std::llround(share * static_cast<double>(last_step))) + 1;
}

bool has_full_softmax(double share, const Schedule& schedule, Index step) {
  return share > 0 && step >= first_full_softmax_step(share, schedule.segment_of(step).last_step());
}

}  // namespace moelm
