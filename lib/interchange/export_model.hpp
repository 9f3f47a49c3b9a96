// Writes a model for other software: a folder of files in common formats.
#pragma once

#include <string>
#include <vector>

#include "model_files/model_store.hpp"

namespace moelm {

/// A file of an exported model.
struct ExportedFile {
  std::string name;
  Index bytes = 0;
};

/// Makes the folder `out` with config.json, model.safetensors and, for Hugging Face's packages, tokenizer.json and
/// tokenizer_config.json, and with `onnx` also model.onnx, complete or not at all. Error(cannot_create) if `out` exists
/// and is not empty, Error(bad_config) if the tokenizer has no such form.
std::vector<ExportedFile> export_model(LoadedModel& model, const std::string& out, bool onnx);

}  // namespace moelm
