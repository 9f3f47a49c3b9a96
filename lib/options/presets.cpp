#include "options/presets.hpp"

#include "base/error.hpp"
#include "base/nearest.hpp"
#include "options/paper_presets.hpp"

namespace moelm {

namespace {

Json embedding(Index width) { return {{"type", "embedding"}, {"width", width}}; }
Json softmax() { return {{"type", "softmax"}}; }

/// Ours leave dropout and the length of training open to planning.
Preset ours(const std::string& name, const std::string& summary, Index width, const Json& experts, Index batch,
            Index unroll, double lr) {
  Json document;
  document["model"]["layers"] = {embedding(width), lstm_layer(width), experts, lstm_layer(width), softmax()};
  document["train"] = {{"batch", batch}, {"unroll", unroll}, {"lr", lr}, {"schedule", "cosine"}};
  return {name, summary, document};
}

std::vector<Preset> make_presets() {
  std::vector<Preset> presets = {
      ours("tiny", "for trying things out: width 64, 8 experts of 128, 2 chosen", 64, moe_layer(8, 2, {128}), 16, 20,
           4e-3),
      ours("small", "for 0.5 to 5 million tokens: width 256, 16 experts of 512, 4 chosen", 256, moe_layer(16, 4, {512}),
           32, 20, 4e-3),
      ours("base", "for 5 to 50 million tokens: width 512, 32 experts of 1024, 4 chosen", 512, moe_layer(32, 4, {1024}),
           64, 35, 2e-3),
      ours("large", "for more than 50 million tokens: width 512, 256 experts of 1024, 4 chosen", 512,
           moe_layer(256, 4, {1024}), 64, 35, 2e-3),
  };
  for (Preset& preset : paper_presets()) presets.push_back(std::move(preset));
  return presets;
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
