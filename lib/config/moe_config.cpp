#include "config/moe_config.hpp"

#include <utility>

#include "base/error.hpp"
#include "base/quantity.hpp"

namespace moelm {

namespace {

[[noreturn]] void refuse(const std::string& layer, const char* name, const std::string& expected,
                         const std::string& found) {
  throw Error(Exit::bad_config, layer + "." + name + ": expected " + expected + ", found " + found);
}

void validate_hierarchy(const MoeConfig& c, const std::string& layer) {
  if (c.experts % c.groups != 0)
    refuse(layer, "groups", "a divisor of the " + std::to_string(c.experts) + " of " + layer + ".experts",
           std::to_string(c.groups));
  if (c.k_groups < 1 || c.k_groups > c.groups)
    refuse(layer, "k_groups", "1 to " + std::to_string(c.groups) + " (" + layer + ".groups)",
           std::to_string(c.k_groups));
  if (c.gate == GateKind::balanced)
    refuse(layer, "gate",
           "noisy-top-k, top-k, sigmoid or softmax with " + layer + ".groups " + std::to_string(c.groups), "balanced");
  for (const auto& [name, value] : {std::pair("w_switch", c.w_switch), {"w_z", c.w_z}, {"bias_rate", c.bias_rate}})
    if (value > 0) refuse(layer, name, "0 with " + layer + ".groups " + std::to_string(c.groups), format_number(value));
}

}  // namespace

void validate(const MoeConfig& c, const std::string& layer) {
  if (c.experts < 1) refuse(layer, "experts", "at least 1", std::to_string(c.experts));
  if (c.hierarchical()) validate_hierarchy(c, layer);
  const Index max_k = c.group_size();
  if (c.has_gate() && (c.k < 1 || c.k > max_k))
    refuse(layer, "k",
           "1 to " + std::to_string(max_k) + " (" + layer + ".experts" +
               (c.hierarchical() ? " / " + layer + ".groups" : "") + ")",
           std::to_string(c.k));
  if (c.bias_rate > 0 && (c.gate == GateKind::softmax || c.gate == GateKind::balanced))
    refuse(layer, "bias_rate", "0 with " + layer + ".gate " + std::string(enum_name(c.gate)),
           format_number(c.bias_rate));
  if (c.hidden.empty()) refuse(layer, "hidden", "at least one hidden layer", "none");
  for (const Index units : c.hidden)
    if (units < 1) refuse(layer, "hidden", "at least 1 unit", std::to_string(units));
}

}  // namespace moelm
