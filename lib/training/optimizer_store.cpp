#include "training/optimizer_store.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "model_files/model_store.hpp"
#include "model_files/tensor_transport.hpp"

namespace moelm {

void load_optimizer(const SafetensorsFile& file, const OptimizerTensors& tensors, Index step, Communicator* ranks) {
  for (const NamedTensor& tensor : tensors.moments) load_tensor(file, tensor, ranks);
  for (const auto& [name, steps] : tensors.last_steps) {
    load_tensor(file, name, TensorType::i64, {static_cast<Index>(steps->size())}, steps->data());
    const auto bad = std::find_if(steps->begin(), steps->end(), [&](std::int64_t s) { return s < 0 || s > step; });
    if (bad != steps->end())
      throw Error(Exit::bad_data, file.path() + ": tensor " + name + ": element " +
                                      std::to_string(bad - steps->begin()) + ": expected a step from 0 to " +
                                      std::to_string(step) + ", found " + std::to_string(*bad));
    if (ranks != nullptr) store_on_ranks(*ranks, name, kEveryRank, std::as_bytes(std::span(*steps)));
  }
  for (const auto& [name, values] : tensors.doubles) {
    load_tensor(file, name, TensorType::f64, {static_cast<Index>(values.size())}, values.data());
    const Index bad = first_non_finite(TensorType::f64, values.data(), static_cast<Index>(values.size()));
    if (bad >= 0)
      throw Error(Exit::bad_data, file.path() + ": tensor " + name + ": element " + std::to_string(bad) +
                                      ": expected a finite number, found NaN or infinity");
    if (ranks != nullptr) store_on_ranks(*ranks, name, kEveryRank, std::as_bytes(values));
  }
}

std::vector<TensorView> optimizer_views(const OptimizerTensors& tensors, Communicator* ranks) {
  std::vector<TensorView> views = tensor_views(tensors.moments, ranks);
  for (const auto& [name, steps] : tensors.last_steps)
    views.push_back({name, TensorType::i64, {static_cast<Index>(steps->size())}, steps->data()});
  for (const auto& [name, values] : tensors.doubles)
    views.push_back({name, TensorType::f64, {static_cast<Index>(values.size())}, values.data()});
  return views;
}

}  // namespace moelm
