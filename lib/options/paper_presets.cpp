#include "options/paper_presets.hpp"

namespace moelm {

namespace {

/// Two levels with two groups and two experts of each chosen (appendix B).
Json two_levels(Index groups, Index in_group, Index hidden = 1024) {
  Json layer = moe_layer(groups * in_group, 2, {hidden});
  layer["groups"] = groups;
  layer["k_groups"] = 2;
  return layer;
}

std::vector<Json> around(const Json& layer) { return {lstm_layer(512), layer, lstm_layer(512)}; }

/// A row of a table: the layers between embedding and softmax, and the dropout found best for it.
struct Row {
  std::string name, summary;
  std::vector<Json> inner;
  double dropout = 0.1;
  Index width = 512;
};

/// The paper's schedule: passes, 1,000 steps of warm-up, then the inverse square root (appendix C.1). It names neither
/// learning rate nor unrolling; its batches of 300,000 words and more need many machines.
Preset preset_of(const Row& row, double epochs) {
  Json layers = {{{"type", "embedding"}, {"width", row.width}}};
  for (const Json& layer : row.inner) layers.push_back(layer);
  layers.push_back({{"type", "softmax"}});
  Json document;
  document["model"] = {{"layers", layers}, {"dropout", row.dropout}};
  document["train"] = {{"batch", 64},    {"unroll", 20},    {"lr", 1e-3}, {"schedule", "inverse-sqrt"},
                       {"warmup", 1000}, {"epochs", epochs}};
  return {row.name, row.summary, document};
}

std::vector<Row> table_7() {
  return {
      {"moe-4", "table 7: 4 experts, all chosen", around(moe_layer(4, 4))},
      {"moe-32", "table 7: 32 experts, 4 chosen", around(moe_layer(32, 4))},
      {"moe-256", "table 7: 256 experts, 4 chosen", around(moe_layer(256, 4))},
      {"moe-256-h", "table 7: 16 groups of 16 experts, 2 of each level chosen", around(two_levels(16, 16))},
      {"moe-1024-h", "table 7: 16 groups of 64 experts", around(two_levels(16, 64)), 0.2},
      {"moe-4096-h", "table 7: 16 groups of 256 experts, 4.3 billion parameters", around(two_levels(16, 256)), 0.2},
      {"moe-34m",
       "table 7: width 1024, 32 groups of 32 experts of 2048",
       {lstm_layer(1024), two_levels(32, 32, 2048), lstm_layer(1024)},
       0.3,
       1024},
      {"moe-143m",
       "table 7: LSTM of 4096 cells projected to 1024, 32 groups of 8 experts of 8192",
       {lstm_layer(4096, 1024), two_levels(32, 8, 8192), lstm_layer(4096, 1024)},
       0.4,
       1024},
      {"moe-1-wide", "table 7: one expert with a hidden layer of 4096, no gate", around(moe_layer(1, 1, {4096}))},
      {"moe-1-deep", "table 7: one expert with four hidden layers of 1024, no gate",
       around(moe_layer(1, 1, {1024, 1024, 1024, 1024}))},
      {"4xlstm-512",
       "table 7: four LSTM layers, no MoE",
       {lstm_layer(512), lstm_layer(512), lstm_layer(512), lstm_layer(512)}},
      {"lstm-512-512", "table 7: one LSTM of 512 cells projected to 512, no MoE", {lstm_layer(512, 512)}},
      {"lstm-1024-512", "table 7: one LSTM of 1024 cells projected to 512, no MoE", {lstm_layer(1024, 512)}},
      {"lstm-2048-512", "table 7: one LSTM of 2048 cells projected to 512, no MoE", {lstm_layer(2048, 512)}},
      {"2xlstm-8192-1024",
       "table 7: two LSTM layers of 8192 cells projected to 1024, the best before",
       {lstm_layer(8192, 1024), lstm_layer(8192, 1024)},
       0.25,
       1024},
  };
}

/// Appendix D: the same models with more groups; it does not say the dropout.
std::vector<Row> table_8() {
  std::vector<Row> rows = {{"4xlstm-512-news",
                            "table 8: four LSTM layers, no MoE",
                            {lstm_layer(512), lstm_layer(512), lstm_layer(512), lstm_layer(512)}},
                           {"moe-32-news", "table 8: 32 experts, 4 chosen", around(moe_layer(32, 4))}};
  const std::vector<std::pair<Index, Index>> shapes = {{32, 8}, {32, 32}, {64, 64}, {128, 128}, {256, 256}, {256, 512}};
  for (const auto& [groups, in_group] : shapes)
    rows.push_back({"moe-" + std::to_string(groups * in_group) + "-h-news",
                    "table 8: " + std::to_string(groups) + " groups of " + std::to_string(in_group) + " experts",
                    around(two_levels(groups, in_group))});
  return rows;
}

/// The memory of appendix D: hidden layers of experts are computed again in backward, and experts learn by the factored
/// second moment.
void save_memory(Preset& preset) {
  bool experts = false;
  for (Json& layer : preset.document["model"]["layers"])
    if (layer["type"] == "moe") {
      layer["recompute"] = true;
      experts = true;
    }
  if (experts) preset.document["optimizer"]["experts"] = {{"kind", "factored"}};
}

}  // namespace

std::vector<Preset> paper_presets() {
  std::vector<Preset> presets;
  for (const Row& row : table_7()) presets.push_back(preset_of(row, 10));
  for (const Row& row : table_8()) {
    presets.push_back(preset_of(row, 1));
    save_memory(presets.back());
  }
  return presets;
}

}  // namespace moelm
