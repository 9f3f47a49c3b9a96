#include "moe_train/listings.hpp"

#include "base/check.hpp"
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
  ConfigDraft draft;
  apply_document(preset.document, preset.name, draft);
  return model_size(draft.config.model, kPaperVocabulary);
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

std::string presets_markdown() {
  std::string text = "| preset | parameters | ops per token | what it is |\n|---|---:|---:|---|\n";
  for (const Preset& preset : presets()) {
    const ModelSize size = size_of(preset);
    text += "| " + code(preset.name) + " | " + millions(size.parameters_without_embedding_and_softmax) + " | " +
            millions(size.ops_per_timestep) + " | " + cell(preset.summary) + " |\n";
  }
  return text;
}

std::string keys_markdown() {
  std::string text, section;
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

/// The template with one placeholder replaced.
std::string filled(std::string text_template, const std::string& placeholder, const std::string& text) {
  const auto place = text_template.find(placeholder);
  require(place != std::string::npos, Exit::bad_data, "docs/options.md.in: expected " + placeholder + ", found none");
  return text_template.replace(place, placeholder.size(), text);
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
             width) +
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
         wrap_words("Parameters and multiply-adds without embedding and softmax, as the paper counts them.", width) +
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

std::string options_markdown(const std::string& text_template) {
  return filled(filled(text_template, "@PRESETS@\n", presets_markdown()), "@KEYS@\n", keys_markdown());
}

}  // namespace moelm
