#include "training/progress_json.hpp"

#include <cmath>

#include "base/quantity.hpp"
#include "training/layer_balance.hpp"

namespace moelm {

namespace {

void add_balance(const RoutingSums& sums, Json& layer) {
  const LayerBalance balance = balance_of(sums);
  layer["cv_importance"] = balance.cv_importance;
  layer["cv_load"] = balance.cv_load;
  layer["max_over_mean_load"] = balance.max_over_mean_load;
  layer["dead"] = balance.dead;
}

double number_within(const JsonField& field, double min, double max) {
  const double number = field.number();
  if (!(number >= min && number <= max))
    field.refuse("a number from " + format_number(min) + " to " + format_number(max));
  return number;
}

}  // namespace

Json step_json(const StepReport& report, const ModelConfig& model) {
  const StepResult& result = report.result;
  Json line = {{"time", nullptr},
               {"step", report.progress.step},
               {"tokens", report.progress.tokens},
               {"loss", result.losses.cross_entropy},
               {"ppl", std::exp(result.losses.cross_entropy)},
               {"lr", report.lr},
               {"grad_norm", result.grad_norm},
               {"tokens_per_s", report.tokens_per_s},
               {"moe", Json::array()}};
  for (std::size_t l = 0; l < model.layers.size(); ++l) {
    const RoutingSums& sums = result.routing[l];
    if (sums.rows == 0) continue;
    const BalanceLosses& losses = result.losses.balance[l];
    const auto& moe = std::get<MoeConfig>(model.layers[l]);
    Json layer = {{"layer", l}, {"importance_loss", losses.importance}, {"load_loss", losses.load}};
    if (moe.w_switch > 0) layer["switch_loss"] = losses.switch_balance;
    if (moe.w_z > 0) layer["z_loss"] = losses.z;
    if (moe.gate == GateKind::balanced) layer["threshold_loss"] = losses.threshold;
    if (sums.noisy_pairs > 0)
      layer["clean_share"] = static_cast<double>(sums.clean_pairs) / static_cast<double>(sums.noisy_pairs);
    add_balance(sums, layer);
    line["moe"].push_back(std::move(layer));
  }
  return line;
}

Json validation_json(const ValidationReport& report) {
  const Evaluation& e = report.evaluation;
  Json line = {{"time", nullptr},
               {"split", "valid"},
               {"step", report.progress.step},
               {"tokens", report.progress.tokens},
               {"loss", e.mean_nll()},
               {"ppl", e.perplexity()},
               {"best", report.best},
               {"moe", Json::array()}};
  for (std::size_t l = 0; l < report.routing.size(); ++l) {
    const RoutingSums& sums = report.routing[l];
    if (sums.rows == 0) continue;
    Json layer = {{"layer", l}};
    add_balance(sums, layer);
    layer["expert_tokens"] = sums.tokens;
    layer["expert_importance"] = sums.importance;
    layer["expert_load"] = sums.load;
    line["moe"].push_back(std::move(layer));
  }
  return line;
}

Json plan_json(const PlanReport& plan) {
  const ScheduleSegment& segment = plan.schedule.segments.back();
  return {{"time", nullptr},
          {"event", "plan"},
          {"step", plan.step},
          {"steps", plan.steps},
          {"steps_before", plan.before},
          {"elapsed_seconds", plan.elapsed},
          {"max_seconds", plan.max_seconds},
          {"step_seconds", plan.costs.step_seconds},
          {"validation_seconds", plan.costs.validation_seconds},
          {"save_seconds", plan.costs.save_seconds},
          {"warmup", segment.warmup},
          {"warmed", segment.warmed},
          {"decayed", segment.decayed}};
}

Json exposure_json(const Exposure& e) {
  const auto number = [](const std::optional<double>& ratio) { return ratio ? Json(*ratio) : Json(nullptr); };
  return {{"tokens_per_active_weight", e.per_active_weight},
          {"visits_per_expert_weight", number(e.per_expert_weight)},
          {"occurrences_per_table_row", number(e.per_row)},
          {"passes", number(e.passes)}};
}

Json progress_json(const TrainProgress& p) {
  return {{"step", p.step},
          {"tokens", p.tokens},
          {"seconds", p.seconds},
          {"position", {{"pass", p.next.pass}, {"batch", p.next.index}}},
          {"best", {{"step", p.best_step}, {"nll", p.best_nll}}},
          {"kept", {{"step", p.kept_step}, {"nll", p.kept_nll}}},
          {"saving_seconds", p.saving_seconds},
          {"validated_step", p.validated_step},
          {"validation_finite", p.validation_finite},
          {"training_finite", p.training_finite},
          {"without_improvement", p.without_improvement},
          {"schedule", {{"plateau_factor", p.plateau_factor}}},
          {"bad_steps", p.skipped_steps}};
}

TrainProgress read_progress(const JsonField& state) {
  constexpr Index kMax = Index{1} << 50;
  constexpr double kMaxSeconds = 1e12;
  TrainProgress p;
  p.step = state.at("step").integer(0, kMaxSteps);
  p.tokens = state.at("tokens").integer(0, kMax);
  p.seconds = number_within(state.at("seconds"), 0, kMaxSeconds);
  p.next = {state.at("position").at("pass").integer(0, kMax), state.at("position").at("batch").integer(0, kMax)};
  p.best_step = state.at("best").at("step").integer(0, kMax);
  p.best_nll = state.at("best").at("nll").number();
  // Older states have no "kept": the best validation was always in a checkpoint.
  const JsonField kept = state.at(state.has("kept") ? "kept" : "best");
  p.kept_step = kept.at("step").integer(0, kMax);
  p.kept_nll = kept.at("nll").number();
  if (state.has("saving_seconds")) p.saving_seconds = state.at("saving_seconds").number();
  p.validated_step = state.at("validated_step").integer(0, kMax);
  if (state.has("validation_finite")) p.validation_finite = state.at("validation_finite").boolean();
  if (state.has("training_finite")) p.training_finite = state.at("training_finite").boolean();
  p.without_improvement = state.at("without_improvement").integer(0, kMax);
  p.plateau_factor = number_within(state.at("schedule").at("plateau_factor"), 0, 1);
  p.skipped_steps = state.at("bad_steps").integer(0, kMax);
  return p;
}

}  // namespace moelm
