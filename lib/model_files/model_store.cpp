#include "model_files/model_store.hpp"

#include "base/error.hpp"
#include "io/file.hpp"
#include "model/size.hpp"
#include "model_files/model_message.hpp"
#include "model_files/tensor_transport.hpp"

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

/// REQUIRES for a tensor of another rank that its empty place here has its type.
TensorType stored_type(const NamedTensor& tensor) {
  return tensor.bf16_values != nullptr ? TensorType::bf16 : TensorType::f32;
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

void load_tensor(const SafetensorsFile& file, const NamedTensor& tensor, Communicator* ranks) {
  const TensorType type = stored_type(tensor);
  if (tensor.is_here()) {
    load_tensor(file, tensor.name, type, tensor.shape(), bytes_of(tensor).data());
    if (ranks != nullptr && tensor.owner == kEveryRank)
      store_on_ranks(*ranks, tensor.name, kEveryRank, bytes_of(tensor));
    return;
  }
  Bytes bytes(static_cast<std::size_t>(tensor_bytes(type, tensor.shape()).value()));
  load_tensor(file, tensor.name, type, tensor.shape(), bytes.data());
  store_on_ranks(*ranks, tensor.name, tensor.owner, bytes);
}

void load_tensors(const SafetensorsFile& file, const std::vector<NamedTensor>& tensors, Communicator* ranks) {
  for (const NamedTensor& tensor : tensors) load_tensor(file, tensor, ranks);
  if (file.tensors().size() == tensors.size()) return;
  for (const StoredTensor& stored : file.tensors()) {
    bool known = false;
    for (const NamedTensor& tensor : tensors) known = known || tensor.name == stored.name;
    if (!known) refuse(file, stored.name, "nothing", shape_text(stored.shape));
  }
}

std::vector<TensorView> tensor_views(const std::vector<NamedTensor>& tensors, Communicator* ranks) {
  std::vector<TensorView> views;
  for (const NamedTensor& tensor : tensors) {
    TensorView& view = views.emplace_back(TensorView{tensor.name, stored_type(tensor), tensor.shape()});
    if (tensor.is_here())
      view.data = bytes_of(tensor).data();
    else
      view.fetch = [ranks, name = tensor.name, owner = tensor.owner](std::span<std::byte> bytes) {
        fetch_from_rank(*ranks, name, owner, bytes);
      };
  }
  return views;
}

LoadedModel load_model(const std::string& path, Communicator& ranks, DataType products, int threads) {
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
  announce_model(ranks, Order::score, {model.run.config, model.run.data.vocabulary, products, threads});
  model.parameters = make_parameters(model.run.config.model, model.run.data.vocabulary, &ranks);
  load_tensors(found.checkpoint->model(), named_tensors(model.parameters), model.parameters.ranks);
  model.checkpoint = found.checkpoint->path();
  model.step = found.checkpoint->step();
  model.warnings = std::move(found.warnings);
  return model;
}

}  // namespace moelm
