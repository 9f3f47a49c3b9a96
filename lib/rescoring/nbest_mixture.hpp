// The model's score mixed with the scores that a list brings, by weights.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rescoring/nbest_line.hpp"

namespace moelm {

/// The name of the model's score among the weights.
inline constexpr std::string_view kModelScore = "model";

/// The names of the scores that lists of Kaldi and SRILM have; those of Moses bring their own.
std::vector<std::string_view> score_names(NbestFormat format);

/// A weighted sum of scores. Without weights it is the model's score.
class NbestMixture {
 public:
  /// Each text is NAME=WEIGHT; a name is "model", "words" or one that Hypothesis::value knows. Error(usage) for other
  /// texts, a name that is given twice, and weights without one of the model.
  explicit NbestMixture(std::span<const std::string> weights = {});

  bool given() const { return !weights_.empty(); }
  /// Error(usage) for a weight that no list of this form has.
  void require_names(NbestFormat format) const;
  /// The sum, where the model's score is `model`. NbestFault where the hypothesis lacks a score.
  double total(const Hypothesis& hypothesis, double model) const;

 private:
  struct Weight {
    std::string name;
    double weight = 0;
  };
  std::vector<Weight> weights_;
};

}  // namespace moelm
