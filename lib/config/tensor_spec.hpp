// The tensors of a layer, declared once. Parameters, gradients, moments, names in files, sizes and memory follow from
// this list.
#pragma once

#include <string>
#include <vector>

#include "base/data_type.hpp"
#include "base/index.hpp"
#include "config/optimizer_config.hpp"

namespace moelm {

/// What a tensor holds before the first step.
enum class InitialValue {
  zero,
  constant,     ///< `scale`
  normal,       ///< N(0, scale^2)
  uniform,      ///< uniform with variance 1 / columns; the columns are the fan-in
  forget_bias,  ///< zero, and 1 in the second quarter: the forget gate of an LSTM
};

/// How backward leaves the gradient of a tensor.
enum class GradientForm {
  whole,    ///< a matrix of the tensor's shape
  rows,     ///< the rows that the step has read (RowGradient)
  factors,  ///< the optimizer forms it, one expert at a time (ExpertFactors)
  none,     ///< no gradient trains this tensor
};

/// One tensor of a layer.
struct TensorSpec {
  std::string name;  ///< within its layer: "weight_ih"
  Index rows = 0;    ///< 0: the layer does not have this tensor
  Index columns = 0;
  InitialValue initial = InitialValue::zero;
  double scale = 0;
  ParameterGroup group = ParameterGroup::dense;
  GradientForm gradient = GradientForm::whole;
  bool vector = false;  ///< has one dimension in files and is not a weight matrix in the paper's counts
  DataType type = DataType::f32;

  bool exists() const { return rows > 0; }
};

/// Tensors that come together, once or in numbered copies, as the matrices of an expert do.
struct TensorBlock {
  std::string name = "";  ///< "experts": copy 3 has the tensors "experts.3.NAME"; empty: there is one copy, "NAME"
  Index copies = 1;
  Index copies_per_token = 1;  ///< copies that a token passes through
  std::vector<TensorSpec> tensors;
};

using LayerTensors = std::vector<TensorBlock>;

}  // namespace moelm
