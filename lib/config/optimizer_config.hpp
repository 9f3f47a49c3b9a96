// The numbers of the optimizer and of its learning rate.
#pragma once

#include <string>

#include "base/index.hpp"
#include "base/option.hpp"

namespace moelm {

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

/// Which rows of a table a step updates.
enum class RowUpdates {
  touched,  ///< those that have a gradient; moments of the others decay when their turn comes
  all,      ///< every row, as dense Adam does: momentum goes on where a step has no gradient
};

template <>
struct EnumNames<RowUpdates> {
  static constexpr std::array<std::pair<std::string_view, RowUpdates>, 2> values = {
      {{"touched", RowUpdates::touched}, {"all", RowUpdates::all}}};
};

/// The optimizer of one group of parameters.
struct GroupConfig {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double lr_scale = 1.0;
  OptimizerKind kind = OptimizerKind::adam;
  double weight_decay = 0;
  RowUpdates rows = RowUpdates::touched;
};

template <class Visitor>
void fields(GroupConfig& c, Visitor&& visit) {
  visit(Option{.key = "kind",
               .help = "adam; factored: no first moment, second moments of a matrix by row and by column (appendix D); "
                       "adafactor: the same with a growing decay and bounded updates. Take factored or adafactor if "
                       "the moments do not fit into memory"},
        c.kind);
  visit(Option{.key = "beta1",
               .help = "decay of the first moment; 0 if the kind is not adam. Rarely needs a change",
               .min = 0,
               .max = 0.999999},
        c.beta1);
  visit(Option{.key = "beta2",
               .help = "decay of the second moment; adafactor has its own, 1 - step^-0.8. Lower it if the loss has "
                       "spikes late in training",
               .min = 0,
               .max = 0.9999999},
        c.beta2);
  visit(Option{.key = "epsilon",
               .help = "added to the root of the second moment; not by adafactor. Rarely needs a change",
               .min = 0},
        c.epsilon);
  visit(
      Option{
          .key = "lr_scale", .help = "factor on the learning rate. Lower it if this group learns too fast", .min = 0},
      c.lr_scale);
  visit(Option{.key = "weight_decay",
               .help = "part of the matrices that a step takes away, times the learning rate (Loshchilov and Hutter "
                       "2019); biases have none. Raise it if a small text is read many times",
               .min = 0,
               .max = 100},
        c.weight_decay);
  visit(Option{.key = "rows",
               .help = "rows of a table that a step updates: touched, those with a gradient; all, every row as dense "
                       "Adam does. Take all if rare tokens learn too slowly; only for optimizer.tables with adam"},
        c.rows);
}

/// Expert matrices are not part of the global norm; each may have a bound of its own.
struct ExpertGroupConfig : GroupConfig {
  double clip = 0;
};

template <class Visitor>
void fields(ExpertGroupConfig& c, Visitor&& visit) {
  fields(static_cast<GroupConfig&>(c), visit);
  visit(Option{.key = "clip",
               .help = "norm that the gradient of each expert matrix is clipped to, 0: none. Set it if single experts "
                       "diverge",
               .min = 0},
        c.clip);
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
