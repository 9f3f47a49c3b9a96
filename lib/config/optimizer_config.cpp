#include "config/optimizer_config.hpp"

#include "base/error.hpp"
#include "base/quantity.hpp"

namespace moelm {

namespace {

void require_value(const std::string& group, OptimizerKind kind, const char* key, double expected, double found) {
  if (found == expected) return;
  throw Error(Exit::bad_config, group + key + ": expected " + format_number(expected) + " with " + group +
                                    "kind = " + std::string(enum_name(kind)) + ", found " + format_number(found));
}

/// Only tables have gradients of few rows, and without a first moment a gradient of zero moves nothing.
void validate_rows(const std::string& group, const GroupConfig& config, bool tables) {
  if (config.rows == RowUpdates::touched || (tables && config.kind == OptimizerKind::adam)) return;
  throw Error(Exit::bad_config, group + "rows: expected touched with " +
                                    (tables ? group + "kind = " + std::string(enum_name(config.kind))
                                            : "parameters that are not tables") +
                                    ", found all");
}

}  // namespace

const GroupConfig& OptimizerConfig::of(ParameterGroup group) const {
  switch (group) {
    case ParameterGroup::tables:
      return tables;
    case ParameterGroup::experts:
      return experts;
    case ParameterGroup::thresholds:
      return thresholds;
    default:
      return dense;
  }
}

void validate(const OptimizerConfig& config) {
  for_each_group(config, [](const std::string& name, const GroupConfig& group) {
    const std::string prefix = "optimizer." + name + ".";
    validate_rows(prefix, group, name == "tables");
    if (name == "thresholds" && group.weight_decay != 0)
      throw Error(Exit::bad_config, prefix + "weight_decay: expected 0, because thresholds have no decay, found " +
                                        format_number(group.weight_decay));
    if (group.kind != OptimizerKind::adam) require_value(prefix, group.kind, "beta1", 0, group.beta1);
    if (group.kind != OptimizerKind::adafactor) return;
    require_value(prefix, group.kind, "beta2", GroupConfig{}.beta2, group.beta2);
    require_value(prefix, group.kind, "epsilon", GroupConfig{}.epsilon, group.epsilon);
  });
}

}  // namespace moelm
