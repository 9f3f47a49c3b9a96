#include "plot/run_summary.hpp"

#include <algorithm>
#include <cmath>

#include "base/quantity.hpp"
#include "terminal/format.hpp"
#include "terminal/table.hpp"
#include "terminal/terminal.hpp"

namespace moelm {

namespace {

/// The lowest perplexity of the validations, nothing without a finite one.
std::optional<CurvePoint> best_of(const TrainingCurves& curves) {
  std::optional<CurvePoint> best;
  for (const CurvePoint p : curves.valid_ppl)
    if (std::isfinite(p.y) && (!best || p.y < best->y)) best = p;
  return best;
}

/// The mean loss of the last stretch of the curve; NaN without one.
double last_loss(const TrainingCurves& curves) {
  const std::vector<CurvePoint> points = curves.loss.points();
  return points.empty() ? std::nan("") : points.back().y;
}

std::string count_text(double value) { return format_count(static_cast<Index>(std::llround(value))); }

std::string layer_line(const RunCurves& run, const ExpertHistory& history) {
  const std::vector<ExpertFate> all = fates(history);
  const auto count = [&](const auto& chosen) {
    return format_count(static_cast<Index>(std::count_if(all.begin(), all.end(), chosen)));
  };
  const std::size_t validations = history.validations();
  std::string text = run.name + ", layer " + std::to_string(history.layer()) + ", " +
                     format_counted(history.experts(), "expert") + " in " +
                     format_counted(static_cast<Index>(validations), "validation") + ": " +
                     count([](const ExpertFate& f) { return !f.ever_used; }) + " never used, " +
                     count([](const ExpertFate& f) { return f.ever_used && f.unused_since.has_value(); }) + " died, " +
                     count([](const ExpertFate& f) { return f.revived; }) + " came back";
  if (validations > 1) text += "; " + format_percent(history.moved(validations - 1)) + " of the choices moved last";
  return text;
}

Json layer_json(const ExpertHistory& history) {
  Json never = Json::array(), died = Json::array(), revived = Json::array();
  for (const ExpertFate& fate : fates(history)) {
    if (!fate.ever_used) never.push_back(fate.expert);
    if (fate.ever_used && fate.unused_since) died.push_back({{"expert", fate.expert}, {"step", *fate.unused_since}});
    if (fate.revived) revived.push_back(fate.expert);
  }
  const std::size_t count = history.validations();
  return {{"layer", history.layer()},
          {"experts", history.experts()},
          {"validations", count},
          {"never_used", never},
          {"died", died},
          {"revived", revived},
          {"moved_last", count > 1 ? Json(history.moved(count - 1)) : Json(nullptr)}};
}

}  // namespace

std::string runs_text(const std::vector<RunCurves>& runs, Index columns) {
  Table table;
  table.add_column("run", Align::left, 40);
  for (const char* heading : {"steps", "tokens", "training ppl", "best valid ppl", "at"}) table.add_column(heading);
  std::string lines;
  for (const RunCurves& run : runs) {
    const std::optional<CurvePoint> best = best_of(run.curves);
    table.add_row({run.name, count_text(run.curves.last_step), count_text(run.curves.last_tokens),
                   format_measure(std::exp(last_loss(run.curves))), best ? format_measure(best->y) : "-",
                   best ? count_text(best->x) : "-"});
    for (const ExpertHistory& history : run.curves.history)
      lines += wrap_words(layer_line(run, history), columns, 2) + "\n";
    if (run.curves.bad_lines > 0)
      lines += run.name + ": " + format_counted(run.curves.bad_lines, "line") + " of its log left out: no metrics\n";
  }
  return table.str(0, columns) + (lines.empty() ? "" : "\n" + lines);
}

Json runs_json(const std::vector<RunCurves>& runs) {
  Json list = Json::array();
  for (const RunCurves& run : runs) {
    const std::optional<CurvePoint> best = best_of(run.curves);
    Json valid = Json::array(), layers = Json::array();
    for (const CurvePoint p : run.curves.valid_ppl) valid.push_back({{"at", p.x}, {"ppl", value_or_null(p.y)}});
    for (const ExpertHistory& history : run.curves.history) layers.push_back(layer_json(history));
    list.push_back({{"name", run.name},
                    {"steps", run.curves.last_step},
                    {"tokens", run.curves.last_tokens},
                    {"loss", value_or_null(last_loss(run.curves))},
                    {"best_ppl", best ? Json(best->y) : Json(nullptr)},
                    {"best_at", best ? Json(best->x) : Json(nullptr)},
                    {"valid", std::move(valid)},
                    {"bad_lines", run.curves.bad_lines},
                    {"layers", std::move(layers)}});
  }
  return {{"runs", std::move(list)}};
}

}  // namespace moelm
