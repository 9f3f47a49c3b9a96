// The numbers of the optimizer and of its learning rate.
#pragma once

#include "base/index.hpp"
#include "base/option.hpp"

namespace moelm {

/// How the learning rate goes on after the linear warm-up.
enum class ScheduleKind {
  inverse_sqrt,  ///< the paper's: lr * sqrt(warmup / t)
  cosine,        ///< to 2 % of the peak at the planned end, constant afterwards
  linear,        ///< to 2 % of the peak at the planned end, constant afterwards
  plateau,       ///< constant, halved when the validation perplexity does not improve
  constant,
};

template <>
struct EnumNames<ScheduleKind> {
  static constexpr std::array<std::pair<std::string_view, ScheduleKind>, 5> values = {
      {{"inverse-sqrt", ScheduleKind::inverse_sqrt},
       {"cosine", ScheduleKind::cosine},
       {"linear", ScheduleKind::linear},
       {"plateau", ScheduleKind::plateau},
       {"constant", ScheduleKind::constant}}};
};

/// Adam (Kingma and Ba 2015) for one group of parameters.
struct AdamConfig {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double lr_scale = 1.0;
};

template <class Visitor>
void fields(AdamConfig& c, Visitor&& visit) {
  visit(Option{"beta1", "decay of the first moment", "", 0, 0.999999}, c.beta1);
  visit(Option{"beta2", "decay of the second moment", "", 0, 0.9999999}, c.beta2);
  visit(Option{"epsilon", "added to the root of the second moment", "", 0}, c.epsilon);
  visit(Option{"lr_scale", "factor on the learning rate", "", 0}, c.lr_scale);
}

/// Which parameters a tensor belongs to, for the optimizer and for clipping.
enum class ParameterGroup { dense, tables, experts };

/// One AdamConfig a group of parameters: keys optimizer.default, optimizer.tables, optimizer.experts.
struct OptimizerConfig {
  AdamConfig dense, tables, experts;
};

}  // namespace moelm
