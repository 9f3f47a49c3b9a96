#include "interchange/export_config.hpp"

#include <variant>

#include "base/version.hpp"
#include "io/file.hpp"
#include "options/config_json.hpp"

namespace moelm {

namespace {

const MoeConfig* first_moe_layer(const ModelConfig& config) {
  for (const LayerConfig& layer : config.layers)
    if (const auto* moe = std::get_if<MoeConfig>(&layer)) return moe;
  return nullptr;
}

Json id_or_null(std::int32_t id) { return id < 0 ? Json(nullptr) : Json(id); }

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

Json export_config(const LoadedModel& model) {
  const ModelConfig& config = model.run.config.model;
  const Tokenizer& tokenizer = *model.tokenizer;
  const MoeConfig* moe = first_moe_layer(config);
  Json object = {{"format", "moelm-export"},
                 {"version", 1},
                 {"model_type", "moelm"},
                 {"vocab_size", tokenizer.vocabulary_size()},
                 {"hidden_size", std::get<EmbeddingConfig>(config.layers.front()).width},
                 {"num_hidden_layers", config.layers.size() - 2},
                 {"num_local_experts", moe == nullptr ? 0 : moe->experts},
                 {"num_experts_per_tok", moe == nullptr ? 0 : moe->experts_per_token()},
                 {"tie_word_embeddings", config.tied},
                 // The token before the first one, too.
                 {"bos_token_id", tokenizer.end_id()},
                 {"eos_token_id", tokenizer.end_id()},
                 {"unk_token_id", id_or_null(tokenizer.unknown_id())}};
  object["tokenizer"] = {{"kind", enum_name(tokenizer.kind())}, {"lowercase", tokenizer.lowercase()}};
  object["state"] = enum_name(model.run.config.train.state);
  object["model"] = config_json(model.run.config).at("model");
  object["source"] = {{"run", model.run.identity},
                      {"checkpoint", name_of(model.checkpoint)},
                      {"step", model.step},
                      {"program", std::string("moelm ") + version()}};
  return object;
}

}  // namespace moelm
