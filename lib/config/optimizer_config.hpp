// The numbers of the optimizer and of its learning rate.
#pragma once

#include <string>

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

/// What the optimizer remembers of a tensor, and what it makes of it.
enum class OptimizerKind {
  adam,       ///< Kingma and Ba 2015: first and second moment of every number
  factored,   ///< appendix D: Adam with beta1 = 0, second moments of a matrix by row and by column
  adafactor,  ///< Shazeer and Stern 2018, with the learning rate of the schedule
};

template <>
struct EnumNames<OptimizerKind> {
  static constexpr std::array<std::pair<std::string_view, OptimizerKind>, 3> values = {
      {{"adam", OptimizerKind::adam}, {"factored", OptimizerKind::factored}, {"adafactor", OptimizerKind::adafactor}}};
};

/// The optimizer of one group of parameters.
struct GroupConfig {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double lr_scale = 1.0;
  OptimizerKind kind = OptimizerKind::adam;
};

template <class Visitor>
void fields(GroupConfig& c, Visitor&& visit) {
  visit(Option{"kind",
               "adam; factored: no first moment, second moments of a matrix by row and by column (appendix D); "
               "adafactor: the same with a growing decay and bounded updates"},
        c.kind);
  visit(Option{"beta1", "decay of the first moment; 0 where the kind is not adam", "", 0, 0.999999}, c.beta1);
  visit(Option{"beta2", "decay of the second moment; adafactor has its own, 1 - step^-0.8", "", 0, 0.9999999}, c.beta2);
  visit(Option{"epsilon", "added to the root of the second moment; not by adafactor", "", 0}, c.epsilon);
  visit(Option{"lr_scale", "factor on the learning rate", "", 0}, c.lr_scale);
}

/// Expert matrices are no part of the global norm; each may have a bound of its own.
struct ExpertGroupConfig : GroupConfig {
  double clip = 0;
};

template <class Visitor>
void fields(ExpertGroupConfig& c, Visitor&& visit) {
  fields(static_cast<GroupConfig&>(c), visit);
  visit(Option{"clip", "norm that the gradient of each expert matrix is clipped to, 0: none", "", 0}, c.clip);
}

/// Which parameters a tensor belongs to, for the optimizer and for clipping. The global norm covers dense and tables.
enum class ParameterGroup { dense, tables, experts, thresholds };

/// The optimizer of every group of parameters.
struct OptimizerConfig {
  GroupConfig dense, tables;
  ExpertGroupConfig experts;
  GroupConfig thresholds{.lr_scale = 0.1};  ///< thresholds of gates, learned from a loss of their own

  const GroupConfig& of(ParameterGroup group) const;
};

/// Calls visit(name, group) for every group; the keys are optimizer.NAME.*.
template <class Config, class Visitor>
void for_each_group(Config& c, Visitor&& visit) {
  visit(std::string("default"), c.dense);
  visit(std::string("tables"), c.tables);
  visit(std::string("experts"), c.experts);
  visit(std::string("thresholds"), c.thresholds);
}

/// Error(bad_config) if a group has a number that its kind cannot use.
void validate(const OptimizerConfig& config);

}  // namespace moelm
