// A picture of the training of several runs.
#pragma once

#include <string>
#include <vector>

#include "base/option.hpp"
#include "plot/picture.hpp"
#include "plot/run_curves.hpp"

namespace moelm {

/// What a panel shows.
enum class PlotKind {
  perplexity,     ///< of training (thin) and validation
  rate,           ///< learning rate
  speed,          ///< tokens a second
  cv_importance,  ///< of each MoE layer
  cv_load,
  max_load,  ///< maximum over mean
  dead,      ///< experts without a token in a step
  experts,   ///< use of each expert in each validation, a panel for each layer
};

template <>
struct EnumNames<PlotKind> {
  static constexpr std::array<std::pair<std::string_view, PlotKind>, 8> values = {
      {{"perplexity", PlotKind::perplexity},
       {"learning-rate", PlotKind::rate},
       {"speed", PlotKind::speed},
       {"cv-importance", PlotKind::cv_importance},
       {"cv-load", PlotKind::cv_load},
       {"max-load", PlotKind::max_load},
       {"dead", PlotKind::dead},
       {"experts", PlotKind::experts}}};
};

struct PlotRequest {
  std::vector<PlotKind> kinds;  ///< panels from top to bottom
  CurveAxis axis = CurveAxis::step;
};

/// The legend of all runs, then the panels. Error(bad_data) for a kind of which no run has anything to show.
Picture plot_runs(const std::vector<RunCurves>& runs, const PlotRequest& request);

}  // namespace moelm
