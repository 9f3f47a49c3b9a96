// The masks of a case's training pass beside those of layer outputs, as factors: drawn number by number from their
// streams.
#pragma once

#include <string_view>
#include <vector>

#include "support/model_case.hpp"

namespace moelm {

struct ReferenceMasks {
  std::vector<Matrix> recurrent;            ///< on W_hh of layer l, [4H, R]
  std::vector<Matrix> outputs;              ///< on the outputs of layer l's experts, [N, E]
  std::vector<std::vector<Matrix>> hidden;  ///< on the units of layer l's hidden layers, [N * (E + shared), units]

  explicit ReferenceMasks(const ModelCase& c) : case_(c) {
    if (c.config.weight_drop > 0) draw_recurrent();
    for (std::size_t l = 0; l < c.config.layers.size(); ++l) {
      outputs.emplace_back();
      hidden.emplace_back();
      const auto* moe = std::get_if<MoeConfig>(&c.config.layers[l]);
      if (moe != nullptr && moe->mask_outputs > 0) draw_outputs(l, *moe);
      for (std::size_t j = 0; moe != nullptr && moe->hidden_dropout > 0 && j < moe->hidden.size(); ++j)
        draw_hidden(l, *moe, j);
    }
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

  void draw_outputs(std::size_t l, const MoeConfig& moe) {
    outputs[l] = Matrix(case_.batch.rows(), moe.experts);
    const std::vector<Index> positions = case_.batch.sequence.positions(case_.options.streams);
    for (Index n = 0; n < case_.batch.rows(); ++n)
      for (Index e = 0; e < moe.experts; ++e)
        outputs[l](n, e) =
            factor(stream("output-mask", l), positions[static_cast<std::size_t>(n)], e, moe.mask_outputs) == 0 ? 0.0f
                                                                                                               : 1.0f;
  }

  void draw_hidden(std::size_t l, const MoeConfig& moe, std::size_t j) {
    Matrix& mask = hidden[l].emplace_back(case_.batch.rows() * (moe.experts + moe.shared), moe.hidden[j]);
    const std::vector<Index> positions = case_.batch.sequence.positions(case_.options.streams);
    const auto layers = static_cast<Index>(moe.hidden.size()), layer = static_cast<Index>(j);
    for (Index n = 0; n < case_.batch.rows(); ++n)
      for (Index e = 0; e < moe.experts + moe.shared; ++e)
        for (Index unit = 0; unit < mask.cols(); ++unit) {
          const bool shared = e >= moe.experts;
          const Index count = shared ? moe.shared : moe.experts, expert = shared ? e - moe.experts : e;
          const Index row = (positions[static_cast<std::size_t>(n)] * count + expert) * layers + layer;
          mask(n * (moe.experts + moe.shared) + e, unit) =
              factor(stream(shared ? "shared-dropout" : "hidden-dropout", l), row, unit, moe.hidden_dropout);
        }
  }

  const ModelCase& case_;
};

}  // namespace moelm
