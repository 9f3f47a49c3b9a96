// Golden files of tests/golden: tensors written by an independent double-precision program.
#pragma once

#include <string>
#include <vector>

#include "io/json.hpp"
#include "tensor/matrix.hpp"

namespace moelm {

/// The golden file of this name, without ".json".
inline Json golden(const std::string& name) { return read_json(std::string(MOELM_GOLDEN_DIR) + "/" + name + ".json"); }

/// The numbers of a golden tensor, row-major.
inline std::vector<double> golden_values(const Json& tensor) { return tensor.at("data").get<std::vector<double>>(); }

/// A golden tensor in single precision: all dimensions but the last are rows ([T, B, D] becomes [T * B, D], the order
/// of a packed sequence), a vector is one row.
inline Matrix golden_matrix(const Json& tensor) {
  const auto shape = tensor.at("shape").get<std::vector<Index>>();
  Index rows = 1;
  for (std::size_t i = 0; i + 1 < shape.size(); ++i) rows *= shape[i];
  Matrix matrix(rows, shape.back());
  const std::vector<double> values = golden_values(tensor);
  for (std::size_t i = 0; i < values.size(); ++i) matrix.values()[i] = static_cast<float>(values[i]);
  return matrix;
}

/// A golden tensor of token ids.
inline std::vector<std::int32_t> golden_tokens(const Json& tensor) {
  return tensor.at("data").get<std::vector<std::int32_t>>();
}

}  // namespace moelm
