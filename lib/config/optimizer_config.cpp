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
    if (group.kind != OptimizerKind::adam) require_value(prefix, group.kind, "beta1", 0, group.beta1);
    if (group.kind != OptimizerKind::adafactor) return;
    require_value(prefix, group.kind, "beta2", GroupConfig{}.beta2, group.beta2);
    require_value(prefix, group.kind, "epsilon", GroupConfig{}.epsilon, group.epsilon);
  });
}

}  // namespace moelm
