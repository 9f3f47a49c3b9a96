#include "scale/rank_classes.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace moelm {

namespace {

constexpr std::size_t kFew = 32;
constexpr int kParts = 8;

/// Which of equal parts of the range a value is in.
struct Range {
  double least, most;

  int part(double value) const {
    // Rounding is no difference.
    if (most - least <= 1e-12 * (1 + most)) return 0;
    return std::min(kParts - 1, static_cast<int>(kParts * (value - least) / (most - least)));
  }
};

Range range_of(const std::vector<RankPart>& ranks, double RankPart::*member) {
  const auto [least, most] = std::minmax_element(
      ranks.begin(), ranks.end(), [member](const RankPart& a, const RankPart& b) { return a.*member < b.*member; });
  return {(*least).*member, (*most).*member};
}

}  // namespace

RankClasses classes_of(const std::vector<RankPart>& ranks, bool apart) {
  const Range starts = range_of(ranks, &RankPart::start), rows = range_of(ranks, &RankPart::rows),
              loads = range_of(ranks, &RankPart::load);
  const bool differ = starts.part(starts.most) + rows.part(rows.most) + loads.part(loads.most) > 0;
  std::map<std::tuple<std::size_t, int, int, int>, std::size_t> known;
  RankClasses result;
  for (std::size_t r = 0; r < ranks.size(); ++r) {
    const RankPart& rank = ranks[r];
    // Few ranks are told apart by their number, many by what they have.
    const std::size_t number = ranks.size() <= kFew && differ ? r + 1 : (apart && r == 0 ? 1 : 0);
    const auto [place, is_new] = known.try_emplace(
        {number, starts.part(rank.start), rows.part(rank.rows), loads.part(rank.load)}, result.classes.size());
    if (is_new) {
      result.classes.push_back({0, rank.start});
      result.parts.push_back({rank.start, 0, 0});
    }
    RankClass& joined = result.classes[place->second];
    RankPart& part = result.parts[place->second];
    joined.start = part.start = std::max(part.start, rank.start);
    part.rows = (part.rows * joined.ranks + rank.rows) / (joined.ranks + 1);
    part.load = (part.load * joined.ranks + rank.load) / (joined.ranks + 1);
    ++joined.ranks;
    result.class_of.push_back(place->second);
  }
  return result;
}

}  // namespace moelm
