#include "model/model_state.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace moelm {

namespace {

void select_rows(const Matrix& from, std::span<const Index> rows, Matrix& to) {
  if (from.empty()) return;
  to.reshape(static_cast<Index>(rows.size()), from.cols());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ensure(rows[i] >= 0 && rows[i] < from.rows(), "a selected stream exists");
    std::copy_n(from.row(rows[i]), from.cols(), to.row(static_cast<Index>(i)));
  }
}

}  // namespace

void ModelState::reset(const ModelParameters& parameters, Index streams) {
  layers.resize(parameters.layers.size());
  for (std::size_t l = 0; l < layers.size(); ++l)
    if (const auto* lstm = std::get_if<LstmParameters>(&parameters.layers[l])) layers[l].reset(streams, *lstm);
}

void ModelState::copy_from(const ModelState& other) {
  layers.resize(other.layers.size());
  for (std::size_t l = 0; l < layers.size(); ++l) {
    layers[l].h.copy_from(other.layers[l].h);
    layers[l].c.copy_from(other.layers[l].c);
  }
}

ModelState ModelState::clone() const {
  ModelState copy;
  for (const LstmState& layer : layers) copy.layers.push_back({layer.h.clone(), layer.c.clone()});
  return copy;
}

void ModelState::select(const ModelState& from, std::span<const Index> streams) {
  ensure(&from != this, "streams are selected from another state");
  layers.resize(from.layers.size());
  for (std::size_t l = 0; l < layers.size(); ++l) {
    select_rows(from.layers[l].h, streams, layers[l].h);
    select_rows(from.layers[l].c, streams, layers[l].c);
  }
}

void ModelState::clear(Index stream) {
  for (LstmState& layer : layers)
    for (Matrix* m : {&layer.h, &layer.c})
      if (!m->empty()) std::fill_n(m->row(stream), m->cols(), 0.0f);
}

std::vector<NamedTensor> state_tensors(ModelState& state) {
  std::vector<NamedTensor> tensors;
  for (std::size_t l = 0; l < state.layers.size(); ++l) {
    if (state.layers[l].h.empty()) continue;
    const std::string prefix = "layers." + std::to_string(l) + ".";
    tensors.push_back({prefix + "h", &state.layers[l].h, false});
    tensors.push_back({prefix + "c", &state.layers[l].c, false});
  }
  return tensors;
}

}  // namespace moelm
