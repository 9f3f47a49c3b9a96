#include "base/nearest.hpp"

#include <algorithm>
#include <limits>

namespace moelm {

Index edit_distance(std::string_view a, std::string_view b) {
  const std::size_t width = b.size() + 1;
  std::vector<Index> table((a.size() + 1) * width);
  for (std::size_t i = 0; i <= a.size(); ++i)
    for (std::size_t j = 0; j <= b.size(); ++j) {
      Index& here = table[i * width + j];
      if (i == 0 || j == 0) {
        here = static_cast<Index>(i + j);
        continue;
      }
      here = std::min({table[(i - 1) * width + j] + 1, table[i * width + j - 1] + 1,
                       table[(i - 1) * width + j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        here = std::min(here, table[(i - 2) * width + j - 2] + 1);
    }
  return table.back();
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  // A typed word of any length costs at most this much to compare.
  constexpr std::size_t kCompared = 100;
  std::string best;
  Index min_distance = std::numeric_limits<Index>::max();
  for (const std::string& candidate : candidates) {
    const Index distance = edit_distance(word.substr(0, kCompared), candidate);
    if (distance < min_distance) min_distance = distance, best = candidate;
  }
  return best;
}

std::string near_miss(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string best = nearest(word, candidates);
  if (word.size() > 2 * best.size()) return {};
  return 2 * edit_distance(word, best) > static_cast<Index>(best.size()) ? std::string() : best;
}

}  // namespace moelm
