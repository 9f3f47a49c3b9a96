// moe-export: a trained model in files that Python and other software open without moelm.
#include "base/quantity.hpp"
#include "common/command.hpp"
#include "common/main_guard.hpp"
#include "common/output.hpp"
#include "data/path_kind.hpp"
#include "interchange/export_model.hpp"
#include "model/size.hpp"
#include "terminal/table.hpp"

namespace moelm {
namespace {

void declare(Command& command, std::vector<std::string>& paths, bool& onnx) {
  command.positional("RUN OUT", paths, 2, 2,
                     "a run (its best checkpoint, else the newest) or a checkpoint folder; then the folder to create, "
                     "which must be new or empty");
  command.flag("--onnx", onnx, "also model.onnx: the model in standard operators of ONNX, for onnxruntime and others");
  command.json_flag("one JSON object on stdout");
  command.hint({"out", "output", "o"}, "the folder after the run: moe-export run/ OUT");
  command.example("run/ exported/",
                  "config.json, model.safetensors, tokenizer.json and tokenizer_config.json for Python");
  command.example("run/ exported/ --onnx", "a model.onnx beside them, which reads its weights from model.safetensors");
  command.example("run/checkpoints/step-000000001000 exported/", "a certain checkpoint");
  command.exit_code(Exit::bad_data, "an input is damaged");
  command.exit_code(Exit::missing_input, "the run or its checkpoint is missing");
  command.exit_code(Exit::cannot_create, "the output folder is in use; nothing is ever overwritten");
  command.exit_code(Exit::bad_config, "run and checkpoint do not fit, or the tokenizer has no form that others read");
}

std::string files_text(const std::vector<ExportedFile>& files) {
  Table table;
  table.add_column("file", Align::left);
  table.add_column("bytes");
  for (const ExportedFile& file : files) table.add_row({file.name, format_count(file.bytes)});
  return table.str();
}

Json files_json(const std::vector<ExportedFile>& files) {
  Json list = Json::array();
  for (const ExportedFile& file : files) list.push_back({{"name", file.name}, {"bytes", file.bytes}});
  return list;
}

int run(int argc, char** argv) {
  Command command("moe-export", "Writes a trained model for other software: weights, configuration and tokenizer.",
                  "RUN OUT [options]");
  std::vector<std::string> paths;
  bool onnx = false;
  declare(command, paths, onnx);
  if (const auto exit = command.parse(argc, argv)) return *exit;
  require_run_path(paths[0], "moe-export");
  LoadedModel model = load_model(paths[0]);
  if (!command.quiet())
    for (const std::string& warning : model.warnings) say_line("warning: " + warning);
  const std::vector<ExportedFile> files = export_model(model, paths[1], onnx);
  if (!command.json()) {
    print_text(files_text(files));
    print_line("step " + format_count(model.step) + " of " + model.folder + ", written to " + paths[1]);
    return 0;
  }
  const ModelSize size = model_size(model.run.config.model, model.run.data.vocabulary);
  print_json({{"out", paths[1]},
              {"checkpoint", model.checkpoint},
              {"step", model.step},
              {"vocabulary", model.run.data.vocabulary},
              {"parameters", size.parameters},
              {"files", files_json(files)}});
  return 0;
}

}  // namespace
}  // namespace moelm

int main(int argc, char** argv) {
  return moelm::main_guard([&] { return moelm::run(argc, argv); });
}
