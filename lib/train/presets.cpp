#include "train/presets.hpp"

#include "base/error.hpp"
#include "base/nearest.hpp"

namespace moelm {

namespace {

Json embedding(Index width) { return {{"type", "embedding"}, {"width", width}}; }
Json lstm(Index cells, Index projection = 0) {
  return {{"type", "lstm"}, {"cells", cells}, {"projection", projection}};
}
Json moe(Index experts, Index k, std::vector<Index> hidden) {
  return {{"type", "moe"}, {"experts", experts}, {"k", k}, {"hidden", hidden}};
}
Json softmax() { return {{"type", "softmax"}}; }

/// Ours leave dropout and the length of training open to planning.
Preset ours(const std::string& name, const std::string& summary, Index width, const Json& experts, Index batch,
            Index unroll, double lr) {
  Json document;
  document["model"]["layers"] = {embedding(width), lstm(width), experts, lstm(width), softmax()};
  document["train"] = {{"batch", batch}, {"unroll", unroll}, {"lr", lr}, {"schedule", "cosine"}};
  return {name, summary, document};
}

/// Table 7: dropout 0.1, ten passes, 1,000 steps of warm-up, then the inverse square root (appendix C.1). The paper
/// names neither learning rate nor unrolling; its batch of 300,000 words needs many machines.
Preset paper(const std::string& name, const std::string& summary, const std::vector<Json>& inner) {
  Json layers = {embedding(512)};
  for (const Json& layer : inner) layers.push_back(layer);
  layers.push_back(softmax());
  Json document;
  document["model"] = {{"layers", layers}, {"dropout", 0.1}};
  document["train"] = {{"batch", 64},    {"unroll", 20}, {"lr", 1e-3}, {"schedule", "inverse-sqrt"},
                       {"warmup", 1000}, {"epochs", 10}};
  return {name, summary, document};
}

std::vector<Preset> make_presets() {
  const auto around = [](const Json& layer) { return std::vector<Json>{lstm(512), layer, lstm(512)}; };
  return {
      ours("tiny", "for trying things out: width 64, 8 experts of 128, 2 chosen", 64, moe(8, 2, {128}), 16, 20, 4e-3),
      ours("small", "for 0.5 to 5 million tokens: width 256, 16 experts of 512, 4 chosen", 256, moe(16, 4, {512}), 32,
           35, 4e-3),
      ours("base", "for 5 to 50 million tokens: width 512, 32 experts of 1024, 4 chosen", 512, moe(32, 4, {1024}), 64,
           35, 2e-3),
      ours("large", "for more than 50 million tokens: width 512, 256 experts of 1024, 4 chosen", 512,
           moe(256, 4, {1024}), 64, 35, 2e-3),
      paper("moe-4", "table 7: 4 experts, all chosen", around(moe(4, 4, {1024}))),
      paper("moe-32", "table 7: 32 experts, 4 chosen", around(moe(32, 4, {1024}))),
      paper("moe-256", "table 7: 256 experts, 4 chosen", around(moe(256, 4, {1024}))),
      paper("moe-1-wide", "table 7: one expert with a hidden layer of 4096, no gate", around(moe(1, 1, {4096}))),
      paper("moe-1-deep", "table 7: one expert with four hidden layers of 1024, no gate",
            around(moe(1, 1, {1024, 1024, 1024, 1024}))),
      paper("4xlstm-512", "table 7: four LSTM layers, no MoE", {lstm(512), lstm(512), lstm(512), lstm(512)}),
      paper("lstm-2048-512", "table 7: one LSTM of 2048 cells projected to 512, no MoE", {lstm(2048, 512)}),
  };
}

}  // namespace

const std::vector<Preset>& presets() {
  static const std::vector<Preset> all = make_presets();
  return all;
}

const Preset& find_preset(const std::string& name) {
  std::vector<std::string> names;
  for (const Preset& preset : presets()) {
    if (preset.name == name) return preset;
    names.push_back(preset.name);
  }
  throw Error(Exit::usage, "--preset " + name + ": unknown preset; did you mean " + nearest(name, names) + "?");
}

}  // namespace moelm
