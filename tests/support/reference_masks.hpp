// The masks of a case's training pass beside those of layer outputs, as factors: drawn number by number from their
// streams.
#pragma once

#include <string_view>
#include <vector>

#include "support/model_case.hpp"

namespace moelm {

struct ReferenceMasks {
  std::vector<Matrix> recurrent;  ///< on W_hh of layer l, [4H, R]

  explicit ReferenceMasks(const ModelCase& c) : case_(c) {
    if (c.config.weight_drop > 0) draw_recurrent();
  }

 private:
  /// 0 with probability `rate`, else 1 / (1 - rate).
  float factor(const RandomStream& stream, Index row, Index column, double rate) const {
    const std::uint32_t bits = stream.bits(case_.options.step, row, column / 4)[static_cast<std::size_t>(column % 4)];
    return bits < static_cast<std::uint32_t>(rate * 4294967296.0) ? 0.0f : static_cast<float>(1 / (1 - rate));
  }

  RandomStream stream(std::string_view name, std::size_t l) const {
    return {case_.options.seed, name, static_cast<Index>(l)};
  }

  void draw_recurrent() {
    for (std::size_t l = 0; l < case_.config.layers.size(); ++l) {
      Matrix& mask = recurrent.emplace_back();
      const auto* lstm = std::get_if<LstmParameters>(&case_.parameters.layers[l]);
      if (lstm == nullptr) continue;
      mask = Matrix(lstm->weight_hh.rows(), lstm->weight_hh.cols());
      for (Index i = 0; i < mask.rows(); ++i)
        for (Index j = 0; j < mask.cols(); ++j)
          mask(i, j) = factor(stream("weight-drop", l), i, j, case_.config.weight_drop);
    }
  }

  const ModelCase& case_;
};

}  // namespace moelm
