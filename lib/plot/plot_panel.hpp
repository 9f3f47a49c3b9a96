// One panel of a picture: curves over a common axis, or the use of experts over training.
#pragma once

#include <string>
#include <vector>

#include "plot/picture.hpp"
#include "report/expert_history.hpp"

namespace moelm {

/// A curve with the number of its color. Faint curves are thin, and lighter.
struct PanelCurve {
  std::vector<CurvePoint> points;
  std::size_t color = 0;
  bool faint = false;
  bool dots = false;
};

struct CurvePanel {
  std::string title, x_label;
  std::vector<PanelCurve> curves;
  bool logarithmic = false;
  bool from_zero = false;
};

/// The width of every picture.
inline constexpr double kPictureWidth = 860;

/// Draws a panel whose upper edge is at `top`, and returns its height. 0 if there is nothing to draw: no point that is
/// finite and, on a logarithmic axis, positive.
double draw_panel(const CurvePanel& panel, double top, Picture& picture);

/// Draws the use of at most 32 experts (those that changed most) in at most 32 validations: a box for each, its color
/// by the tokens over the mean of all experts, only an edge where there was none. Returns the height, 0 if there are
/// fewer than two validations.
double draw_experts(const std::string& title, const ExpertHistory& history, double top, Picture& picture);

}  // namespace moelm
