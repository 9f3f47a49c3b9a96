#include "ops/topk.hpp"

#include "base/check.hpp"

namespace moelm {

void top_k(std::span<const float> values, std::span<std::int32_t> chosen) {
  ensure(chosen.size() <= values.size(), "k is at most the number of values");
  // A sorted list of the best so far: k is small, and most values lose against its last entry.
  std::size_t kept = 0;
  const auto precedes = [&](float value, std::int32_t other) {
    const float greatest = values[static_cast<std::size_t>(other)];
    return value > greatest || (greatest != greatest && value == value);
  };
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (kept == chosen.size() && (kept == 0 || !precedes(values[i], chosen[kept - 1]))) continue;
    std::size_t place = kept < chosen.size() ? kept++ : kept - 1;
    while (place > 0 && precedes(values[i], chosen[place - 1])) {
      chosen[place] = chosen[place - 1];
      --place;
    }
    chosen[place] = static_cast<std::int32_t>(i);
  }
}

}  // namespace moelm
