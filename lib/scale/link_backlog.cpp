#include "scale/link_backlog.hpp"

#include <algorithm>
#include <limits>

namespace moelm {

double LinkBacklog::to_next_arrival(double seconds) {
  double least = std::numeric_limits<double>::infinity();
  for (const Left& left : left_) least = std::min(least, left.seconds);
  const auto count = static_cast<double>(left_.size());
  const double each = std::min(least, seconds / count);
  // Rounding must not leave a rest for ever.
  std::erase_if(left_, [each](const Left& left) { return left.seconds <= each * (1 + 1e-12); });
  for (Left& left : left_) left.seconds -= each;
  return each * count;
}

void LinkBacklog::pass(double seconds) {
  while (seconds > 0 && !left_.empty()) seconds -= to_next_arrival(seconds);
}

double LinkBacklog::await(std::size_t name) {
  double seconds = 0;
  const auto has_it = [&] {
    return std::any_of(left_.begin(), left_.end(), [name](const Left& left) { return left.name == name; });
  };
  while (has_it()) seconds += to_next_arrival(std::numeric_limits<double>::infinity());
  return seconds;
}

}  // namespace moelm
