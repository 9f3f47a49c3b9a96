// A configuration survives JSON, assignments take effect in a fixed order, and bad values are named.
#include "options/config_json.hpp"

#include <algorithm>
#include <optional>

#include "options/config_keys.hpp"
#include "options/presets.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

using namespace moelm;

namespace {

ConfigDraft preset(const std::string& name) {
  ConfigDraft draft;
  apply_document(find_preset(name).document, "--preset " + name, draft);
  return draft;
}

/// The error of a document applied to the preset small, or "".
std::string file_error(const std::string& text) {
  ConfigDraft draft = preset("small");
  const auto apply = [&] { apply_document(parse_json(text, "c.json"), "c.json", draft); };
  const Exit exit = error_exit(apply);
  REQUIRE((exit == Exit::ok || exit == Exit::bad_config));
  return error_text(apply);
}

std::string set_error(const std::vector<std::string>& assignments, Exit expected = Exit::usage) {
  ConfigDraft draft = preset("small");
  const auto apply = [&] { apply_assignments(assignments, "--set", draft); };
  REQUIRE(error_exit(apply) == expected);
  return error_text(apply);
}

ConfigDraft with(const std::string& name, const std::vector<std::string>& assignments) {
  ConfigDraft draft = preset(name);
  apply_assignments(assignments, "--set", draft);
  return draft;
}

const MoeConfig& moe_of(const ConfigDraft& draft) { return std::get<MoeConfig>(draft.config.model.layers[2]); }

/// Resets values that two levels, factored moments and thresholds do not allow.
void allow(RunConfig& config) {
  for (LayerConfig& layer : config.model.layers)
    if (auto* moe = std::get_if<MoeConfig>(&layer); moe != nullptr && moe->hierarchical())
      moe->w_switch = moe->w_z = moe->bias_rate = 0;
  if (config.optimizer.experts.kind == OptimizerKind::factored) config.optimizer.experts.beta1 = 0;
  config.optimizer.thresholds.weight_decay = 0;
  config.train.full_softmax = 0;  // needs a softmax that samples
  if (config.train.state == StateKind::reset) config.train.zero_state = 0;
}

}  // namespace

TEST_CASE("every key of every preset reads back as it was written") {
  for (const Preset& p : presets()) {
    INFO(p.name);
    ConfigDraft draft = preset(p.name);
    double value = 0.25;
    for (const ConfigKey& key : config_keys(draft.config))  // no value stays at its default
      if (key.get().is_number_float()) key.set(std::max(value /= 2, key.option.min), Exit::internal);
    const Json document = config_json(draft.config);
    ConfigDraft back;
    apply_document(parse_json(json_text(document, 2), "c.json"), "c.json", back);
    REQUIRE(config_json(back.config) == document);
    for (const ConfigKey& key : config_keys(back.config))
      REQUIRE(back.is_given(key.name.starts_with("model.layers.") ? "model.layers" : key.name));
    allow(back.config);
    REQUIRE_NOTHROW(validate(back.config));
  }
}

TEST_CASE("model.layers is a list of typed objects, their missing keys are defaults") {
  ConfigDraft draft;
  apply_document(parse_json(R"({"model": {"layers": [{"type": "embedding", "width": 7}, {"type": "moe", "gate": "top-k",
      "hidden": [3, 4]}, {"type": "softmax"}], "dropout": 0.5}, "optimizer": {"experts": {"beta1": 0}}})",
                            "c.json"),
                 "c.json", draft);
  REQUIRE(draft.config.model.layers.size() == 3);
  const auto& moe = std::get<MoeConfig>(draft.config.model.layers[1]);
  REQUIRE(moe.gate == GateKind::top_k);
  REQUIRE(moe.hidden == std::vector<Index>{3, 4});
  REQUIRE(moe.experts == MoeConfig{}.experts);
  REQUIRE(draft.config.model.dropout == 0.5);
  REQUIRE(draft.config.optimizer.experts.beta1 == 0);
  REQUIRE(draft.config.optimizer.dense.beta1 == GroupConfig{}.beta1);
  REQUIRE(draft.is_given("model.layers"));
  REQUIRE_FALSE(draft.is_given("train.lr"));
}

TEST_CASE("an unknown key of a file is refused with the nearest one") {
  REQUIRE(file_error(R"({"train": {"sed": 3}})") == "c.json: train.sed: unknown key; did you mean train.seed?");
  REQUIRE(file_error(R"({"trian": {"lr": 3}})") == "c.json: trian: unknown key; did you mean train.lr?");
  REQUIRE(holds(file_error(R"({"trian": {}})"), "trian: unknown key"));
  REQUIRE(holds(file_error(R"({"model": 5})"), "c.json: model: unknown key"));
  REQUIRE(file_error(R"({"model": {"layers": [{"type": "lstm", "cell": 4}]}})") ==
          "c.json: model.layers.0.cell: unknown key; did you mean model.layers.0.cells?");
  REQUIRE(file_error(R"({"train": {}})").empty());
}

TEST_CASE("a value of the wrong type or out of range in a file is refused with what was expected") {
  REQUIRE(file_error(R"({"train": {"lr": "fast"}})") ==
          "c.json: train.lr: expected a number of at least 0, found fast");
  REQUIRE(file_error(R"({"train": {"batch": 2.5}})") ==
          "c.json: train.batch: expected an integer of at least 1, found 2.5");
  REQUIRE(file_error(R"({"train": {"batch": 0}})") ==
          "c.json: train.batch: expected an integer of at least 1, found 0");
  REQUIRE(holds(file_error(R"({"train": {"seed": 18446744073709551615}})"), "found 18446744073709551615"));
  REQUIRE(file_error(R"({"model": {"dropout": 1}})") ==
          "c.json: model.dropout: expected a number from 0 to 0.99, found 1");
  REQUIRE(holds(file_error(R"({"train": {"schedule": "cosin"}})"),
                "expected inverse-sqrt, cosine, linear, plateau or constant, found cosin"));
  REQUIRE(file_error(R"({"model": {"layers": [{"type": "gru"}]}})") ==
          "c.json: model.layers.0.type: expected embedding, lstm, moe or softmax, found gru");
  REQUIRE(holds(file_error(R"({"model": {"layers": [5]}})"), "model.layers.0: expected an object with a type"));
  REQUIRE(holds(file_error(R"({"model": {"layers": 5}})"), "model.layers: expected a list"));
  REQUIRE(holds(file_error("[]"), "c.json: expected an object, found array"));
  REQUIRE(file_error(R"({"train": {"steps": 1e3}})").empty());
}

TEST_CASE("assignments set keys with dots") {
  const ConfigDraft s = with("small", {"train.lr=1e-3", "model.layers.2.experts=7", "model.layers.2.hidden=64,32",
                                       "train.schedule=linear", "optimizer.experts.beta1=0.5", "train.lr=1e-3"});
  REQUIRE(s.config.train.lr == 1e-3);
  REQUIRE(moe_of(s).experts == 7);
  REQUIRE(moe_of(s).hidden == std::vector<Index>{64, 32});
  REQUIRE(s.config.train.schedule == ScheduleKind::linear);
  REQUIRE(s.config.optimizer.experts.beta1 == 0.5);
  REQUIRE(s.given.at("train.lr") == "--set");
  REQUIRE(s.given.at("train.batch") == "--preset small");
}

TEST_CASE("moe.KEY sets the key on every MoE layer; the key of a single layer overrides it") {
  ConfigDraft s = preset("small");
  s.config.model.layers.insert(s.config.model.layers.begin() + 3, MoeConfig{});
  apply_assignments({"model.layers.3.k=1", "moe.k=3"}, "--set", s);
  REQUIRE(moe_of(s).k == 3);
  REQUIRE(std::get<MoeConfig>(s.config.model.layers[3]).k == 1);
}

TEST_CASE("model.width keeps the proportions of a preset, and single keys set beside it stay as typed") {
  const ConfigDraft s = with("lstm-2048-512", {"model.width=64"});
  REQUIRE(std::get<EmbeddingConfig>(s.config.model.layers[0]).width == 64);
  REQUIRE(std::get<LstmConfig>(s.config.model.layers[1]).cells == 256);
  REQUIRE(std::get<LstmConfig>(s.config.model.layers[1]).projection == 64);
  const ConfigDraft t = with("moe-1-deep", {"model.layers.1.cells=10", "model.width=1"});
  REQUIRE(moe_of(t).hidden == std::vector<Index>{2, 2, 2, 2});
  REQUIRE(std::get<LstmConfig>(t.config.model.layers[1]).cells == 10);
  REQUIRE(std::get<LstmConfig>(t.config.model.layers[3]).projection == 0);
  ConfigDraft file = preset("small");
  apply_document(parse_json(R"({"model": {"width": 128}, "moe": {"k": 2}})", "c.json"), "c.json", file);
  REQUIRE(moe_of(file).hidden == std::vector<Index>{256});
  REQUIRE(moe_of(file).k == 2);
}

TEST_CASE("all layers can be typed at once") {
  const ConfigDraft s = with("small", {R"(model.layers=[{"type":"embedding","width":8},{"type":"softmax"}])"});
  REQUIRE(s.config.model.layers.size() == 2);
  REQUIRE(holds(set_error({"model.layers=[{]"}), "model.layers: byte"));
}

TEST_CASE("a bad assignment is a usage error that says what was expected") {
  REQUIRE(set_error({"train.sed=3"}) == "--set train.sed: unknown key; did you mean train.seed?");
  REQUIRE(set_error({"moe.expert=3"}) == "--set moe.expert: unknown key; did you mean moe.experts?");
  REQUIRE(set_error({"train.lr"}) == "--set train.lr: expected key=value");
  REQUIRE(set_error({"train.lr=1e-3", "train.lr=2e-3"}) == "--set train.lr: given twice, as 1e-3 and as 2e-3");
  REQUIRE(set_error({"train.batch=many"}) == "--set train.batch: expected an integer of at least 1, found many");
  REQUIRE(set_error({"train.lr="}) == "--set train.lr: expected a number of at least 0, found nothing");
  REQUIRE(set_error({"moe.k=0"}) == "--set model.layers.2.k: expected an integer of at least 1, found 0");
  REQUIRE(holds(set_error({"moe.hidden=64,x"}), "expected a list of integers of at least 1"));
  REQUIRE(set_error({"train.dtype=f16"}) == "--set train.dtype: expected f32, bf16 or auto, found f16");
  REQUIRE(holds(set_error({"model.width=0"}), "model.width: expected an integer from 1"));
  ConfigDraft dense = preset("4xlstm-512");
  REQUIRE(holds(error_text([&] { apply_assignments({"moe.k=1"}, "--set", dense); }), "found none"));
}

TEST_CASE("keys that contradict each other are refused with both") {
  const auto error = [](const std::vector<std::string>& assignments) {
    const ConfigDraft s = with("small", assignments);
    REQUIRE(error_exit([&] { validate(s.config); }) == Exit::bad_config);
    return error_text([&] { validate(s.config); });
  };
  REQUIRE(error({"moe.k=17"}) == "model.layers.2.k: expected 1 to 16 (model.layers.2.experts), found 17");
  REQUIRE(error({R"(model.layers=[{"type":"embedding","width":8},{"type":"softmax"}])", "model.weight_drop=0.5"}) ==
          "model.weight_drop: expected 0 in a model without LSTM layers, found 0.5");
  REQUIRE(error({"optimizer.experts.rows=all"}) ==
          "optimizer.experts.rows: expected touched with parameters that are not tables, found all");
  REQUIRE(holds(error({"optimizer.default.rows=all"}), "optimizer.default.rows: expected touched"));
  REQUIRE(error({"optimizer.tables.rows=all", "optimizer.tables.kind=factored"}) ==
          "optimizer.tables.rows: expected touched with optimizer.tables.kind = factored, found all");
  REQUIRE(error({"optimizer.thresholds.weight_decay=0.1"}) ==
          "optimizer.thresholds.weight_decay: expected 0, because thresholds have no decay, found 0.1");
  for (const char* key : {"batch", "unroll", "batch_tokens", "micro_batch_tokens", "warmup"}) {
    const std::string name = std::string("train.") + key;
    for (const char* size : {"9223372036854775807", "2305843009213693952"})
      REQUIRE(holds(error({name + "=" + size}), name + ": expected at most"));
  }
  REQUIRE(error({"model.layers.4.cutoffs=20,20"}) ==
          "model.layers.4.cutoffs: expected rising ids, the next at least 21, found 20");
  REQUIRE(error({"model.layers.4.cutoffs=20,70", "model.layers.4.samples=9"}) ==
          "model.layers.4.samples: expected 0 with model.layers.4.cutoffs, found 9");
  REQUIRE(holds(error({"model.layers.4.cutoffs=20", "model.tied=true"}),
                "model.layers.4.divisor: expected 1 with model.layers.4.cutoffs and model.tied"));
  REQUIRE(holds(error({"train.full_softmax=0.25"}),
                "train.full_softmax: expected 0 with model.layers.4.samples 0, found 0.25"));
  REQUIRE(
      error({"train.zero_state=0.01", "train.state=reset"}) ==
      "train.zero_state: expected 0 with train.state reset, found 0.01; there every line begins with the zero state");
  REQUIRE(holds(error_text([] { with("small", {"model.layers.4.cutoffs=0,5"}); }),
                "expected a list of integers of at least 1"));
  REQUIRE(holds(error_text([] { with("small", {"train.steps=9223372036854775807"}); }),
                "--set train.steps: expected an integer from 0 to 999999999999"));
  REQUIRE(holds(error({"train.checkpoint_every=often"}), "expected auto, steps (500) or a time (10m), found often"));
}
