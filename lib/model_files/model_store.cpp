#include "model_files/model_store.hpp"

#include "base/error.hpp"
#include "io/file.hpp"
#include "model/size.hpp"

namespace moelm {

namespace {

[[noreturn]] void refuse(const SafetensorsFile& file, const std::string& name, const std::string& expected,
                         const std::string& found) {
  throw Error(Exit::bad_config, file.path() + ": tensor " + name + ": expected " + expected + ", found " + found +
                                    "; the checkpoint belongs to another architecture");
}

const StoredTensor& find_tensor(const SafetensorsFile& file, const std::string& name, TensorType type,
                                const std::vector<Index>& shape) {
  const std::string expected = std::string(tensor_type_name(type)) + " " + shape_text(shape);
  const StoredTensor* stored = file.find(name);
  if (stored == nullptr) refuse(file, name, expected, "nothing");
  if (stored->type != type || stored->shape != shape)
    refuse(file, name, expected, std::string(tensor_type_name(stored->type)) + " " + shape_text(stored->shape));
  return *stored;
}

TensorType stored_type(const NamedTensor& tensor) {
  return tensor.bf16_values != nullptr ? TensorType::bf16 : TensorType::f32;
}

void* data_of(const NamedTensor& tensor) {
  return tensor.bf16_values != nullptr ? static_cast<void*>(tensor.bf16_values->data()) : tensor.values->data();
}

/// Refuses a configuration that asks for more numbers than the file holds, before any memory is allocated.
void require_numbers(const SafetensorsFile& file, const ModelConfig& config, Index vocabulary) {
  const Index expected = model_size(config, vocabulary).parameters;
  Index found = 0;
  for (const StoredTensor& tensor : file.tensors()) found += tensor.elements();
  if (found < expected)
    throw Error(Exit::bad_config, file.path() + ": expected " + std::to_string(expected) +
                                      " numbers, as config.json says, found " + std::to_string(found) +
                                      "; the checkpoint belongs to another architecture");
}

}  // namespace

void load_tensor(const SafetensorsFile& file, const std::string& name, TensorType type, const std::vector<Index>& shape,
                 void* out) {
  file.read(find_tensor(file, name, type, shape), out);
}

void load_tensors(const SafetensorsFile& file, const std::vector<NamedTensor>& tensors) {
  for (const NamedTensor& tensor : tensors)
    load_tensor(file, tensor.name, stored_type(tensor), tensor.shape(), data_of(tensor));
  if (file.tensors().size() == tensors.size()) return;
  for (const StoredTensor& stored : file.tensors()) {
    bool known = false;
    for (const NamedTensor& tensor : tensors) known = known || tensor.name == stored.name;
    if (!known) refuse(file, stored.name, "nothing", shape_text(stored.shape));
  }
}

std::vector<TensorView> tensor_views(const std::vector<NamedTensor>& tensors) {
  std::vector<TensorView> views;
  for (const NamedTensor& tensor : tensors)
    views.push_back({tensor.name, stored_type(tensor), tensor.shape(), data_of(tensor)});
  return views;
}

LoadedModel load_model(const std::string& path) {
  const std::string run = run_of_path(path);
  LoadedModel model;
  model.folder = run;
  model.run = read_run(run);
  FoundCheckpoint found = find_checkpoint(path, WhichCheckpoint::best, CheckpointScope::model);
  if (!found.checkpoint)
    throw Error(Exit::missing_input, path + ": expected a checkpoint, found none; has the run been trained?");
  require_own_checkpoint(found.checkpoint->path(), found.checkpoint->state(), run, model.run);
  model.tokenizer = read_run_tokenizer(run, model.run);
  require_numbers(found.checkpoint->model(), model.run.config.model, model.run.data.vocabulary);
  model.parameters = make_parameters(model.run.config.model, model.run.data.vocabulary);
  load_tensors(found.checkpoint->model(), named_tensors(model.parameters));
  model.checkpoint = found.checkpoint->path();
  model.step = found.checkpoint->step();
  model.warnings = std::move(found.warnings);
  return model;
}

}  // namespace moelm
