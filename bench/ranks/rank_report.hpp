// What moe-bench --ranks prints: tables, JSON, a plot.
#pragma once

#include <string>

#include "bench/ranks/rank_request.hpp"
#include "io/json.hpp"
#include "io/output_file.hpp"

namespace moelm {

/// How an earlier plot is recognised, so that it may be replaced.
inline constexpr OutputKind kRankPlotKind = {"a plot of moe-bench --ranks", "<svg xmlns=\"http://www.w3.org/2000/svg\"",
                                             "share of a step that is work"};

/// All predictions of a request, for every network.
class RankReport {
 public:
  explicit RankReport(const RankRequest& request);

  std::string text() const;
  Json json() const;
  /// An SVG file: the share of a step that is work, by the experts' width or by the number of ranks, a curve for each
  /// network.
  std::string plot() const;

 private:
  bool by_width() const { return !request_.widths.empty(); }
  std::string width_table() const;
  std::string assumptions() const;

  const RankRequest& request_;
  std::vector<std::vector<RankCosts>> costs_;  ///< of each network
  std::vector<std::vector<double>> shares_;    ///< of each network, by width
};

}  // namespace moelm
