#include "plot/run_plot.hpp"

#include <cmath>

#include "base/error.hpp"
#include "base/escape.hpp"
#include "plot/plot_panel.hpp"

namespace moelm {

namespace {

constexpr double kMargin = 20, kCharacter = 7.6, kLegendStep = 20;
constexpr Index kMaxName = 60;

/// The runs' names with their colors, broken into lines. Returns the height.
double draw_legend(const std::vector<std::string>& names, Picture& picture) {
  double x = kMargin, y = kMargin;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string name = shorten(names[i], kMaxName);
    const double width = 34 + kCharacter * static_cast<double>(display_width(name)) + 18;
    if (x > kMargin && x + width > kPictureWidth - kMargin) x = kMargin, y += kLegendStep;
    picture.shapes.push_back(PictureLine{{{x, y}, {x + 28, y}}, curve_color(i), 3, curve_dash(i)});
    picture.shapes.push_back(PictureText{x + 34, y + 4.5, name, kInk, Anchor::start, 13, false});
    x += width;
  }
  return y + 12;
}

/// One of the series of a layer.
std::vector<CurvePoint> layer_points(const LayerCurves& layer, PlotKind kind) {
  switch (kind) {
    case PlotKind::cv_importance:
      return layer.cv_importance.points();
    case PlotKind::cv_load:
      return layer.cv_load.points();
    case PlotKind::max_load:
      return layer.max_over_mean_load.points();
    default:
      return layer.dead.points();
  }
}

std::string title_of(PlotKind kind) {
  switch (kind) {
    case PlotKind::perplexity:
      return "Perplexity a token: validation (dots), training (thin); logarithmic";
    case PlotKind::rate:
      return "Learning rate";
    case PlotKind::speed:
      return "Tokens a second";
    case PlotKind::cv_importance:
      return "Coefficient of variation of the importance";
    case PlotKind::cv_load:
      return "Coefficient of variation of the load";
    case PlotKind::max_load:
      return "Maximum load over mean load";
    case PlotKind::dead:
      return "Experts without a token in a step";
    case PlotKind::experts:
      break;
  }
  return "Use of the experts";
}

class RunPlot {
 public:
  RunPlot(const std::vector<RunCurves>& runs, const PlotRequest& request) : runs_(runs), request_(request) {}

  Picture draw() {
    picture_.width = kPictureWidth;
    std::vector<std::string> names;
    for (const RunCurves& run : runs_) names.push_back(run.name);
    const bool needs_legend = runs_.size() > 1 || request_.kinds != std::vector{PlotKind::experts};
    double y = needs_legend ? draw_legend(names, picture_) : kMargin / 2;
    for (const PlotKind kind : request_.kinds) {
      const double height = kind == PlotKind::experts ? draw_all_experts(y + 14) : draw_curves(kind, y + 14);
      if (height == 0)
        throw Error(Exit::bad_data, runs_.front().log + ": expected something to show as " +
                                        std::string(enum_name(kind)) + ", found nothing" + hint(kind));
      y += 14 + height;
    }
    picture_.height = y + 6;
    picture_.texts = texts(names);
    return std::move(picture_);
  }

 private:
  static std::string hint(PlotKind kind) {
    return kind == PlotKind::experts ? "; it takes two validations of a model with experts" : "";
  }

  ChartTexts texts(const std::vector<std::string>& names) const {
    std::string all, panels;
    for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
    for (const PlotKind kind : request_.kinds) panels += (panels.empty() ? "" : "; ") + title_of(kind);
    return {"Training of " + all, panels + "."};
  }

  double draw_curves(PlotKind kind, double top) {
    CurvePanel panel;
    panel.title = title_of(kind);
    panel.x_label = request_.axis == CurveAxis::step ? "optimizer step" : "training tokens";
    panel.logarithmic = kind == PlotKind::perplexity;
    panel.from_zero = !panel.logarithmic;
    for (std::size_t i = 0; i < runs_.size(); ++i) add_curves(kind, i, panel);
    return draw_panel(panel, top, picture_);
  }

  void add_curves(PlotKind kind, std::size_t run, CurvePanel& panel) const {
    const TrainingCurves& curves = runs_[run].curves;
    if (kind == PlotKind::perplexity) {
      std::vector<CurvePoint> losses = curves.loss.points();
      for (CurvePoint& p : losses) p.y = std::exp(p.y);
      panel.curves.push_back({losses, run, true, false});
      panel.curves.push_back({curves.valid_ppl, run, false, true});
    } else if (kind == PlotKind::rate || kind == PlotKind::speed) {
      const ThinnedSeries& series = kind == PlotKind::rate ? curves.lr : curves.tokens_per_s;
      panel.curves.push_back({series.points(), run, false, false});
    } else {
      for (const LayerCurves& layer : curves.layers)
        panel.curves.push_back({layer_points(layer, kind), run, false, false});
    }
  }

  double draw_all_experts(double top) {
    double height = 0;
    for (const RunCurves& run : runs_)
      for (const ExpertHistory& history : run.curves.history) {
        const std::string title = title_of(PlotKind::experts) + " of layer " + std::to_string(history.layer()) + ", " +
                                  shorten(run.name, kMaxName);
        height += draw_experts(title, history, top + height, picture_);
      }
    return height;
  }

  const std::vector<RunCurves>& runs_;
  const PlotRequest& request_;
  Picture picture_;
};

}  // namespace

Picture plot_runs(const std::vector<RunCurves>& runs, const PlotRequest& request) {
  return RunPlot(runs, request).draw();
}

}  // namespace moelm
