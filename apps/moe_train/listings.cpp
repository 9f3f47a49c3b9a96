#include "moe_train/listings.hpp"

#include "base/quantity.hpp"
#include "model/size.hpp"
#include "options/config_json.hpp"
#include "options/option_list.hpp"
#include "options/presets.hpp"
#include "terminal/format.hpp"
#include "terminal/table.hpp"
#include "terminal/terminal.hpp"

namespace moelm {

namespace {

constexpr Index kPaperVocabulary = 793471;

ModelSize size_of(const Preset& preset) {
  Settings settings;
  apply_document(preset.document, preset.name, settings);
  return model_size(settings.config.model, kPaperVocabulary);
}

std::string millions(Index count) { return format_fixed(static_cast<double>(count) / 1e6, 1); }

/// Text inside a cell of a Markdown table.
std::string cell(const std::string& text) {
  std::string escaped;
  for (const char c : text) escaped += c == '|' ? std::string("\\|") : std::string(1, c);
  return escaped;
}

std::string code(const std::string& text) { return text.empty() ? "" : "`" + cell(text) + "`"; }

std::string section_title(const std::string& section) {
  if (section == "model" || section == "train" || section == "optimizer") return "Keys " + section + ".*";
  return "Layers of type " + section;
}

/// "peak learning rate (default 0.002; at least 0)".
std::string described(const OptionEntry& o) {
  std::string text = o.help + " (default " + (o.default_value.empty() ? "none" : o.default_value);
  if (!o.unit.empty()) text += " " + o.unit;
  if (!o.values.empty()) text += "; " + o.values;
  return text + ")";
}

}  // namespace

std::string keys_table(Index width) {
  Table table;
  table.add_column("key", Align::left);
  table.add_column("meaning", Align::left);
  for (const OptionEntry& o : list_options()) {
    // The widths that differ by layer type need the type's name beside the key.
    const bool of_layer = o.key.starts_with("model.layers.");
    table.add_row({of_layer ? o.key + " (" + o.section + ")" : o.key, described(o)});
  }
  return table.wrapped(0, width) + "\n" +
         wrap_words(
             "moe.KEY sets KEY on every MoE layer; model.width scales all widths of a preset; model.layers takes "
             "the whole list as JSON.",
             static_cast<std::size_t>(width)) +
         "\n";
}

Json keys_json() {
  Json list = Json::array();
  for (const OptionEntry& o : list_options())
    list.push_back({{"key", o.key},
                    {"section", o.section},
                    {"default", o.default_value},
                    {"unit", o.unit},
                    {"allowed", o.values},
                    {"help", o.help},
                    {"may_change", o.may_change}});
  return list;
}

std::string presets_table(Index width) {
  Table table;
  table.add_column("preset", Align::left);
  table.add_column("M parameters");
  table.add_column("M ops a token");
  table.add_column("what it is", Align::left);
  for (const Preset& preset : presets()) {
    const ModelSize size = size_of(preset);
    table.add_row({preset.name, millions(size.parameters_without_embedding_and_softmax),
                   millions(size.ops_per_timestep), preset.summary});
  }
  return table.wrapped(0, width) + "\n" +
         wrap_words("Parameters and multiply-adds without embedding and softmax, as the paper counts them.",
                    static_cast<std::size_t>(width)) +
         "\n";
}

Json presets_json() {
  Json list = Json::array();
  for (const Preset& preset : presets()) {
    const ModelSize size = size_of(preset);
    list.push_back({{"name", preset.name},
                    {"summary", preset.summary},
                    {"parameters_without_embedding_and_softmax", size.parameters_without_embedding_and_softmax},
                    {"ops_per_timestep", size.ops_per_timestep},
                    {"config", preset.document}});
  }
  return list;
}

std::string options_markdown() {
  std::string text =
      "# Options of a run\n\n"
      "Generated from the declarations in the code (`ninja -C build docs-options` writes it again); do not edit.\n\n"
      "A run is configured by keys: in a JSON file (`--config`), by `--set key=value`, or by a preset. In JSON the "
      "dots\n"
      "are levels: `{\"train\": {\"lr\": 0.002}}`. Order: preset or file, then `--set`, then flags. Layers are "
      "counted\n"
      "from 0, the embedding included: `--set model.layers.2.experts=64`. Three keys stand for others:\n\n"
      "- `moe.KEY` sets KEY on every MoE layer;\n"
      "- `model.width` sets the embedding's width and scales all other widths in proportion;\n"
      "- `model.layers` holds all layers, a list of objects with a `type`.\n\n"
      "A dagger (†) marks what may change when a run that exists goes on; anything else typed differently is "
      "refused.\n\n"
      "## What is planned where nothing is given\n\n"
      "The preset follows from the number of training tokens: `small` under 5 million, `base` to 50 million, else\n"
      "`large`. Training reads 16 million tokens, but at least 3 and at most 12 passes (counted in the batches\n"
      "that there really are: whole lines and the end of a text do not fill them all). Dropout is 0.1 up to 2 "
      "passes,\n"
      "0.2 up to 5 and 0.3 beyond (presets of the paper bring theirs). Warm-up takes 5 % of the steps, at least 50 "
      "and\n"
      "at most 1,000. Validation comes every pass or every 1,000 steps, whichever is first. A text shorter than one\n"
      "batch gets fewer streams. `moe-train --data data/ --print-config` shows what comes out.\n\n"
      "A run that is made longer keeps what was planned. After that, `cosine` and `linear` warm up again to the same\n"
      "peak (5 % of the steps added, within 50 to 1,000, at most half of them) and decay to the new end; the other\n"
      "schedules go on as if all steps had been planned at once. Both are stored with the run and announced. Fewer\n"
      "steps than planned, or less time (`--max-time`), cut the schedule, which is said.\n\n"
      "## Presets\n\n"
      "Parameters and multiply-adds (ops) in millions, without embedding and softmax, as the paper counts.\n\n"
      "| preset | parameters | ops a token | what it is |\n|---|---:|---:|---|\n";
  for (const Preset& preset : presets()) {
    const ModelSize size = size_of(preset);
    text += "| " + code(preset.name) + " | " + millions(size.parameters_without_embedding_and_softmax) + " | " +
            millions(size.ops_per_timestep) + " | " + cell(preset.summary) + " |\n";
  }
  std::string section;
  for (const OptionEntry& o : list_options()) {
    if (o.section != section) {
      section = o.section;
      text += "\n## " + section_title(section) +
              "\n\n| key | default | unit | allowed | meaning |\n|---|---|---|---|---|\n";
    }
    text += "| " + code(o.key) + (o.may_change ? " †" : "") + " | " + code(o.default_value) + " | " + cell(o.unit) +
            " | " + cell(o.values) + " | " + cell(o.help) + " |\n";
  }
  return text;
}

}  // namespace moelm
