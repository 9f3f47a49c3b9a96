// Every preset of the paper has the multiply-adds and parameters of its tables, and exactly those of the formulas:
// LSTM 4 n (d + r) + n r, expert 2 d h, gate 2 d E; gates of two levels 2 d (A + E) parameters, 2 d (A + 2 B) ops.
#include "options/presets.hpp"

#include <cmath>

#include "model/size.hpp"
#include "run/resolve_config.hpp"
#include "support/catch.hpp"

using namespace moelm;

namespace {

constexpr Index kVocabulary = 793471;

struct Printed {
  std::string name;
  double ops, weights;  ///< millions, as printed
  Index exact_ops, exact_weights;
};

constexpr Index kLstm = 2 * 4 * 512 * 1024, kExpert = 2 * 512 * 1024;

/// LSTM, gate and experts of a model of two levels at width 512.
Printed two_levels(const std::string& name, Index groups, Index in_group, double ops, double weights) {
  const Index experts = groups * in_group;
  return {name, ops, weights, kLstm + 4 * kExpert + 1024 * (groups + 2 * in_group),
          kLstm + experts * kExpert + 1024 * (groups + experts)};
}

std::vector<Printed> tables() {
  const Index lstm_1024 = 2 * 4 * 1024 * 2048, lstm_4096 = 2 * (4 * 4096 * 2048 + 4096 * 1024);
  return {
      {"lstm-512-512", 2.4, 2.4, 2359296, 2359296},
      {"lstm-1024-512", 4.7, 4.7, 4718592, 4718592},
      {"lstm-2048-512", 9.4, 9.4, 9437184, 9437184},
      {"4xlstm-512", 8.4, 8.4, 2 * kLstm, 2 * kLstm},
      {"moe-1-wide", 8.4, 8.4, 2 * kLstm, 2 * kLstm},
      {"moe-1-deep", 8.4, 8.4, 2 * kLstm, 2 * kLstm},
      {"moe-4", 8.4, 8.4, 8392704, 8392704},
      {"moe-32", 8.4, 37.8, 8421376, 37781504},
      {"moe-256", 8.6, 272.9, 8650752, 272891904},
      two_levels("moe-256-h", 16, 16, 8.4, 272.9),
      two_levels("moe-1024-h", 16, 64, 8.5, 1079.0),
      two_levels("moe-4096-h", 16, 256, 8.9, 4303.4),
      {"2xlstm-8192-1024", 151.0, 151.0, 150994944, 150994944},
      {"moe-34m", 33.8, 4313.9, lstm_1024 + 4 * 4 * 1024 * 1024 + 2048 * (32 + 2 * 32),
       lstm_1024 + Index{1024} * 4 * 1024 * 1024 + 2048 * (32 + 1024)},
      {"moe-143m", 142.7, 4371.1, lstm_4096 + 4 * 16 * 1024 * 1024 + 2048 * (32 + 2 * 8),
       lstm_4096 + Index{256} * 16 * 1024 * 1024 + 2048 * (32 + 256)},
      {"4xlstm-512-news", 8.4, 8.4, 2 * kLstm, 2 * kLstm},
      {"moe-32-news", 8.4, 37.8, 8421376, 37781504},
      two_levels("moe-256-h-news", 32, 8, 8.4, 272.9),
      two_levels("moe-1024-h-news", 32, 32, 8.5, 1079.0),
      two_levels("moe-4096-h-news", 64, 64, 8.6, 4303.4),
      two_levels("moe-16384-h-news", 128, 128, 8.8, 17201.0),
      two_levels("moe-65536-h-news", 256, 256, 9.2, 68791.0),
      two_levels("moe-131072-h-news", 256, 512, 9.7, 137577.6),
  };
}

ModelConfig model_of(const std::string& preset, const std::vector<std::string>& assignments = {}) {
  ConfigOptions options;
  options.preset = preset;
  options.assignments = assignments;
  return resolve_config(options, nullptr, {1'000'000}).config.model;
}

}  // namespace

TEST_CASE("presets have the multiply-adds and parameters of tables 7 and 8") {
  for (const Printed& row : tables()) {
    CAPTURE(row.name);
    const ModelSize size = model_size(model_of(row.name), kVocabulary);
    CHECK(size.ops_per_timestep == row.exact_ops);
    CHECK(size.parameters_without_embedding_and_softmax == row.exact_weights);
    // Printed with one decimal; moe-256's 8.651 was cut, not rounded.
    CHECK(std::abs(static_cast<double>(size.ops_per_timestep) / 1e6 - row.ops) <
          (row.name == "moe-256" ? 0.1 : 0.0501));
    CHECK(std::abs(static_cast<double>(size.parameters_without_embedding_and_softmax) / 1e6 - row.weights) < 0.0501);
  }
}

TEST_CASE("every preset of the paper is a row of its tables") {
  std::size_t paper = 0;
  for (const Preset& preset : presets()) paper += preset.summary.starts_with("table ") ? 1 : 0;
  REQUIRE(paper == tables().size());
}

TEST_CASE("a narrower model keeps the shape of its preset") {
  const ModelConfig model = model_of("moe-4096-h", {"model.width=64"});
  const auto& moe = std::get<MoeConfig>(model.layers[2]);
  REQUIRE(moe.experts == 4096);
  REQUIRE(moe.groups == 16);
  REQUIRE(moe.hidden == std::vector<Index>{128});
  REQUIRE(std::get<LstmConfig>(model.layers[1]).cells == 64);
}
