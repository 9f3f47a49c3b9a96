#include "report/training_curves.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "base/error.hpp"
#include "io/file.hpp"
#include "io/json.hpp"

namespace moelm {
namespace {

constexpr std::size_t kMaxLineBytes = std::size_t{4} << 20;  // per-expert vectors of many layers
constexpr std::size_t kMaxLayers = 64;
constexpr std::size_t kMaxValidations = 1000;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

double number(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return kNone;
  // Dead experts may be a number or a list.
  if (found->is_array()) return static_cast<double>(found->size());
  return found->is_number() ? found->get<double>() : kNone;
}

LayerCurves* layer_of(TrainingCurves& curves, double number) {
  if (!(number >= 0 && number < 1e6)) return nullptr;
  const auto index = static_cast<Index>(number);
  for (LayerCurves& l : curves.layers)
    if (l.layer == index) return &l;
  if (curves.layers.size() == kMaxLayers) return nullptr;
  curves.layers.push_back({index, {}, {}, {}, {}});
  return &curves.layers.back();
}

void rewind(TrainingCurves& curves, double step) {
  for (ThinnedSeries* s : {&curves.loss, &curves.lr, &curves.tokens_per_s}) s->rewind(step);
  for (LayerCurves& l : curves.layers)
    for (ThinnedSeries* s : {&l.cv_importance, &l.cv_load, &l.max_over_mean_load, &l.dead}) s->rewind(step);
}

/// The expert_tokens of the layers of a validation.
void add_history(TrainingCurves& curves, const Json& line, double step) {
  const auto moe = line.find("moe");
  if (moe == line.end() || !moe->is_array()) return;
  for (const Json& layer : *moe) {
    const auto tokens = layer.find("expert_tokens");
    const double index = layer.is_object() ? number(layer, "layer") : kNone;
    if (!(index >= 0 && index < 1e6) || tokens == layer.end() || !tokens->is_array()) continue;
    std::vector<double> values;
    for (const Json& value : *tokens) values.push_back(value.is_number() ? value.get<double>() : kNone);
    auto found = std::find_if(curves.history.begin(), curves.history.end(), [&](const ExpertHistory& history) {
      return history.layer() == static_cast<Index>(index);
    });
    if (found == curves.history.end() && curves.history.size() == kMaxLayers) continue;
    if (found == curves.history.end()) found = curves.history.insert(found, ExpertHistory(static_cast<Index>(index)));
    found->add(step, values);
  }
}

bool add_line(TrainingCurves& curves, const Json& line, CurveAxis axis) {
  if (!line.is_object()) return false;
  if (line.contains("event")) return true;
  const double step = number(line, "step"), tokens = number(line, "tokens");
  const double x = axis == CurveAxis::step ? step : tokens;
  if (!std::isfinite(step) || !std::isfinite(x)) return false;
  curves.last_step = step;
  if (std::isfinite(tokens)) curves.last_tokens = tokens;
  const auto split = line.find("split");
  if (split != line.end() && split->is_string() && split->get_ref<const std::string&>() != "train") {
    while (!curves.valid_ppl.empty() && curves.valid_ppl.back().x >= x) curves.valid_ppl.pop_back();
    if (curves.valid_ppl.size() < kMaxValidations) curves.valid_ppl.push_back({x, number(line, "ppl")});
    add_history(curves, line, step);
    return true;
  }
  rewind(curves, x);
  curves.loss.add(x, number(line, "loss"));
  curves.lr.add(x, number(line, "lr"));
  curves.tokens_per_s.add(x, number(line, "tokens_per_s"));
  const auto moe = line.find("moe");
  if (moe == line.end() || !moe->is_array()) return true;
  for (const Json& layer : *moe) {
    if (!layer.is_object()) continue;
    LayerCurves* l = layer_of(curves, number(layer, "layer"));
    if (l == nullptr) continue;
    l->cv_importance.add(x, number(layer, "cv_importance"));
    l->cv_load.add(x, number(layer, "cv_load"));
    l->max_over_mean_load.add(x, number(layer, "max_over_mean_load"));
    l->dead.add(x, number(layer, "dead"));
  }
  return true;
}

void add_text(TrainingCurves& curves, std::string_view text, const std::string& path, CurveAxis axis) {
  if (text.find_first_not_of(" \t\r") == std::string_view::npos) return;
  ++curves.lines;
  try {
    if (!add_line(curves, parse_json(text, path), axis)) ++curves.bad_lines;
  } catch (const Error&) {
    ++curves.bad_lines;
  }
}

}  // namespace

void ThinnedSeries::add(double x, double y) {
  if (!std::isfinite(x) || !std::isfinite(y)) return;
  sum_.x += x;
  sum_.y += y;
  if (++pending_ < each_) return;
  const auto n = static_cast<double>(each_);
  points_.push_back({sum_.x / n, sum_.y / n});
  pending_ = 0;
  sum_ = {};
  if (points_.size() < kMaxPoints) return;
  for (std::size_t i = 0; i < kMaxPoints / 2; ++i)
    points_[i] = {(points_[2 * i].x + points_[2 * i + 1].x) / 2, (points_[2 * i].y + points_[2 * i + 1].y) / 2};
  points_.resize(kMaxPoints / 2);
  each_ *= 2;
}

void ThinnedSeries::rewind(double x) {
  if (pending_ > 0 && sum_.x / static_cast<double>(pending_) >= x) {
    pending_ = 0;
    sum_ = {};
  }
  while (!points_.empty() && points_.back().x >= x) points_.pop_back();
}

std::vector<CurvePoint> ThinnedSeries::points() const {
  std::vector<CurvePoint> result = points_;
  if (pending_ > 0) result.push_back({sum_.x / static_cast<double>(pending_), sum_.y / static_cast<double>(pending_)});
  return result;
}

TrainingCurves read_training_curves(const std::string& path, CurveAxis axis) {
  TrainingCurves curves;
  if (!path_exists(path)) return curves;
  File file = File::open_read(path);
  std::string buffer(std::size_t{1} << 16, '\0'), rest;
  bool skipping = false;  // within a line that is too long
  while (const std::size_t count = file.read_some(buffer.data(), buffer.size())) {
    std::string_view piece(buffer.data(), count);
    while (!piece.empty()) {
      const std::size_t end = piece.find('\n');
      if (!skipping) rest += piece.substr(0, end);
      if (rest.size() > kMaxLineBytes) {
        rest.clear();
        skipping = true;
        ++curves.bad_lines;
      }
      if (end == std::string_view::npos) break;
      if (!skipping) add_text(curves, rest, path, axis);
      rest.clear();
      skipping = false;
      piece.remove_prefix(end + 1);
    }
  }
  return curves;  // what follows the last newline is still being written
}

}  // namespace moelm
