#include "interchange/export_model.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "interchange/export_config.hpp"
#include "interchange/onnx_model.hpp"
#include "io/file_names.hpp"
#include "io/output_folder.hpp"
#include "io/safetensors.hpp"
#include "tokenizer/hugging_face_writer.hpp"

namespace moelm {

namespace {

constexpr std::string_view kTokenizerConfigFile = "tokenizer_config.json", kGraphFile = "model.onnx";
constexpr std::array<std::string_view, 5> kFiles = {kModelFile, kGraphFile, kTokenizerFile, kTokenizerConfigFile,
                                                    kConfigFile};

bool is_export_file(std::string_view name) { return std::find(kFiles.begin(), kFiles.end(), name) != kFiles.end(); }

constexpr FolderKind kExportFolder{"moe-export", kConfigFile, is_export_file};

void write_weights(const std::string& path, const SafetensorsPlan& plan, const std::vector<TensorView>& tensors) {
  File file = File::create(path);
  file.allocate(plan.bytes);
  write_safetensors(plan, tensors, [&](const void* bytes, std::size_t count) { file.write_all(bytes, count); });
  file.sync();
  file.close();
}

}  // namespace

std::vector<ExportedFile> export_model(LoadedModel& model, const std::string& out, bool onnx) {
  const std::string tokenizer = hugging_face_text(*model.tokenizer);
  const std::vector<TensorView> tensors = tensor_views(named_tensors(model.parameters));
  // What the transformers package asks for before it reads a file.
  const SafetensorsPlan plan = plan_safetensors(tensors, {{"format", "pt"}});
  OutputFolder folder(out, kExportFolder);
  const auto path = [&](std::string_view name) { return join_path(folder.working_path(), name); };
  write_weights(path(kModelFile), plan, tensors);
  if (onnx)
    write_file_atomic(path(kGraphFile), onnx_model(model.run.config.model, model.run.data.vocabulary,
                                                   std::string(kModelFile), plan, tensors));
  write_file_atomic(path(kTokenizerFile), tokenizer);
  write_file_atomic(path(kTokenizerConfigFile), hugging_face_config_text(*model.tokenizer));
  write_file_atomic(path(kConfigFile), json_text(export_config(model), 2) + "\n");
  folder.publish();
  std::vector<ExportedFile> files;
  for (const std::string_view name : kFiles)
    if (onnx || name != kGraphFile)
      files.push_back({std::string(name), File::open_read(path(name), Links::refuse).size()});
  return files;
}

}  // namespace moelm
