#include "training/softmax_switch.hpp"

#include <cmath>

namespace moelm {

Index first_full_softmax_step(const TrainConfig& config) {
  return config.steps - static_cast<Index>(std::llround(config.full_softmax * static_cast<double>(config.steps))) + 1;
}

}  // namespace moelm
