#include "model/exposure.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/checked.hpp"
#include "base/quantity.hpp"
#include "model/size.hpp"

namespace moelm {

namespace {

/// Two or three significant digits: "6.0", "0.61", "12", "1860".
std::string ratio_text(double ratio) {
  return format_printf(ratio >= 9.95 ? "%.0f" : ratio >= 0.995 ? "%.1f" : "%.2f", ratio);
}

/// The layers with a gate and their numbers.
std::vector<std::pair<std::size_t, MoeConfig>> layers_with_gate(const ModelConfig& model) {
  std::vector<std::pair<std::size_t, MoeConfig>> layers;
  for (std::size_t l = 0; l < model.layers.size(); ++l)
    if (const auto* moe = std::get_if<MoeConfig>(&model.layers[l]); moe != nullptr && moe->has_gate())
      layers.emplace_back(l, *moe);
  return layers;
}

/// The width of the embedding with which a model of the same shape has `scale` times the active weights, in eights.
Index width_for(const ModelConfig& model, double scale) {
  const auto width = static_cast<double>(std::get<EmbeddingConfig>(model.layers.front()).width);
  return std::max<Index>(8 * static_cast<Index>(width * std::sqrt(scale) / 8), 8);
}

void add_part(std::string& text, const std::string& part, const char* between = ", ") {
  text += (text.empty() ? "" : between) + part;
}

}  // namespace

Exposure exposure(const ModelConfig& model, const Reading& reading) {
  const ModelSize size = model_size(model, std::max<Index>(reading.vocabulary, 1));
  const std::vector<Index> widths = input_widths(model);
  Exposure e;
  if (size.ops_per_timestep > 0) e.per_active_weight = reading.tokens / static_cast<double>(size.ops_per_timestep);
  for (const auto& [l, moe] : layers_with_gate(model)) {
    const double of_expert =
        reading.tokens * static_cast<double>(moe.experts_per_token()) / static_cast<double>(moe.experts);
    const double visits = of_expert / static_cast<double>(expert_weights(moe, widths[l]));
    e.per_expert_weight = std::min(e.per_expert_weight.value_or(visits), visits);
  }
  if (reading.training_tokens == 0) return e;
  const auto text = static_cast<double>(reading.training_tokens);
  if (reading.vocabulary > 0) e.per_row = text / static_cast<double>(reading.vocabulary);
  e.passes = reading.tokens / text;
  return e;
}

std::string exposure_line(const Exposure& e) {
  std::string text = "tokens per active weight " + ratio_text(e.per_active_weight);
  if (e.per_expert_weight) add_part(text, "visits per expert weight " + ratio_text(*e.per_expert_weight));
  if (e.per_row) add_part(text, "occurrences per table row " + ratio_text(*e.per_row));
  if (e.passes) add_part(text, "passes " + ratio_text(*e.passes));
  return text;
}

std::string exposure_advice(const ModelConfig& model, const Exposure& e) {
  if (!e.per_expert_weight) return "";
  std::string why, what;
  if (e.per_active_weight < kMinPerActiveWeight) {
    add_part(why, "below 10 tokens per active weight");
    const Index width = width_for(model, e.per_active_weight / kMinPerActiveWeight);
    if (width >= 64) add_part(what, "a smaller width (--set model.width=" + std::to_string(width) + ")", " or ");
  }
  if (*e.per_expert_weight < kMinPerExpertWeight) {
    add_part(why, "below 3 visits per expert weight");
    add_part(what, "fewer experts (moe.experts)", " or ");
  }
  if (e.passes && *e.passes > kMaxPasses) add_part(why, "more than 8 passes");
  if (why.empty()) return "";
  add_part(what, "more text", " or ");
  const std::string dense = dense_options(model);
  return "experts are unlikely to pay here (" + why + "). They would with " + what +
         ". A dense model of the same cost is as good or better" + (dense.empty() ? "" : ": " + dense);
}

std::string dense_options(const ModelConfig& model) {
  const auto layers = layers_with_gate(model);
  std::string text;
  for (const auto& [l, moe] : layers) {
    if (moe.hidden.size() != 1) return "";
    const std::string prefix = "--set " + (layers.size() == 1 ? "moe." : layer_key(l) + ".");
    text += (text.empty() ? "" : " ") + prefix + "experts=1 " + prefix + "k=1 ";
    if (moe.hierarchical()) text += prefix + "groups=0 ";
    text += prefix + "hidden=[" + std::to_string(product_at_most(moe.hidden[0], moe.experts_per_token())) + "]";
  }
  return text;
}

}  // namespace moelm
