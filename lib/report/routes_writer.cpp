#include "report/routes_writer.hpp"

#include <array>
#include <cstdio>

#include "base/check.hpp"
#include "base/escape.hpp"

namespace moelm {

void write_routes(std::ostream& out, const RouteRow& row, Index i, std::span<const Index> layers,
                  std::span<const Routing* const> routings) {
  ensure(layers.size() == routings.size(), "an index for every layer");
  const std::string head =
      std::to_string(row.row) + '\t' + std::to_string(row.line) + '\t' + escape_terminal(row.token) + '\t';
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const Routing& routing = *routings[l];
    std::string line = head + std::to_string(layers[l]);
    const auto experts = routing.experts_of(i);
    const auto gates = routing.gates_of(i);
    for (std::size_t j = 0; j < experts.size(); ++j) {
      std::array<char, 48> choice{};
      std::snprintf(choice.data(), choice.size(), "\t%d:%.6g", experts[j], static_cast<double>(gates[j]));
      line += choice.data();
    }
    out << line << '\n';
  }
}

}  // namespace moelm
