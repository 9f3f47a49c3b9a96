// Warns when the experts of a layer collapse: some get no tokens any more, or a few get most of them.
#pragma once

#include <string>
#include <vector>

#include "config/model_config.hpp"
#include "moe/routing.hpp"

namespace moelm {

/// Sums the routing of steps over windows and looks at each window once. Not thread-safe.
class CollapseWatch {
 public:
  /// A layer is overloaded if the maximum load of a window is more than `overload` times the mean. 0: never.
  CollapseWatch(const ModelConfig& model, double overload) : model_(model), overload_(overload) {}

  /// Adds the routing of a step, one entry per layer. At the end of a window it returns a warning with advice for every
  /// layer that collapsed in it. A layer is named again only after it has recovered.
  std::vector<std::string> add(const std::vector<RoutingSums>& step);

  static constexpr Index kSteps = 100;      ///< of a window
  static constexpr double kMinTokens = 20;  ///< mean tokens of an expert in a window, below which zero means nothing

 private:
  struct Layer {
    RoutingSums sums;
    bool warned = false;
  };

  std::string judge(std::size_t layer, const RoutingSums& sums) const;

  const ModelConfig& model_;
  double overload_;
  Index steps_ = 0;
  std::vector<Layer> layers_;
};

}  // namespace moelm
