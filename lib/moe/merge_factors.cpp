#include "moe/merge_factors.hpp"

#include <algorithm>

namespace moelm {

namespace {

/// Rows of one expert from one source in one pass, and where they go.
struct MovedRows {
  std::size_t pass;
  Index from, to, count;
};

std::vector<MovedRows> moves(const std::vector<PassFactors>& passes, std::size_t sources, std::size_t experts) {
  std::vector<MovedRows> moves;
  Index to = 0;
  for (std::size_t e = 0; e < experts; ++e) {
    std::vector<Index> next;
    for (const PassFactors& pass : passes) next.push_back(pass.factors->offset[e]);
    for (std::size_t source = 0; source < sources; ++source)
      for (std::size_t i = 0; i < passes.size(); ++i) {
        const Index count = passes[i].counts[source * experts + e];
        if (count > 0) moves.push_back({i, next[i], to, count});
        next[i] += count;
        to += count;
      }
  }
  return moves;
}

}  // namespace

ExpertFactors merge_factors(Context& context, const std::vector<PassFactors>& passes, Index sources) {
  const ExpertFactors& first = *passes.front().factors;
  ExpertFactors merged;
  merged.offset.assign(first.offset.size(), 0);
  for (const PassFactors& pass : passes)
    for (std::size_t e = 0; e < merged.offset.size(); ++e) merged.offset[e] += pass.factors->offset[e];
  const Index slots = merged.offset.back();
  const std::vector<MovedRows> moved = moves(passes, static_cast<std::size_t>(sources), merged.offset.size() - 1);
  const auto merge = [&](std::vector<Matrix> ExpertFactors::*list) {
    (merged.*list).resize((first.*list).size());
    for (std::size_t j = 0; j < (first.*list).size(); ++j) {
      // Hidden layers that are computed again are in no pass.
      const auto kept = std::find_if(passes.begin(), passes.end(),
                                     [&](const PassFactors& pass) { return !(pass.factors->*list)[j].empty(); });
      if (kept == passes.end()) continue;
      Matrix& out = (merged.*list)[j];
      out.reshape(slots, (kept->factors->*list)[j].cols());
      context.parallel_for(static_cast<Index>(moved.size()), [&](Index i) {
        const MovedRows& rows = moved[static_cast<std::size_t>(i)];
        const Matrix& from = (passes[rows.pass].factors->*list)[j];
        std::copy_n(from.row(rows.from), rows.count * from.cols(), out.row(rows.to));
      });
    }
  };
  merge(&ExpertFactors::input);
  merge(&ExpertFactors::gradient);
  if (std::any_of(passes.begin(), passes.end(), [](const PassFactors& p) { return !p.factors->position.empty(); })) {
    merged.position.resize(static_cast<std::size_t>(slots));
    for (const MovedRows& rows : moved)
      std::copy_n(passes[rows.pass].factors->position.begin() + rows.from, rows.count,
                  merged.position.begin() + rows.to);
  }
  return merged;
}

}  // namespace moelm
