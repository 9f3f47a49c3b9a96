#include "statistics/routes_writer.hpp"

#include <array>
#include <cstdio>

#include "base/check.hpp"
#include "base/escape.hpp"
#include "statistics/routing_order.hpp"

namespace moelm {
void write_routes_header(std::ostream& out, Index max_experts) {
  out << "token_index\tline\ttoken\tlayer";
  for (Index j = 1; j <= max_experts; ++j) out << "\texpert_" << j;
  out << '\n';
}

void write_routes(std::ostream& out, const RouteRow& row, Index i, std::span<const Index> layers,
                  std::span<const Routing* const> routings) {
  ensure(layers.size() == routings.size(), "an index for every layer");
  const std::string head =
      std::to_string(row.row) + '\t' + std::to_string(row.line) + '\t' + escape_field(row.token) + '\t';
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const Routing& routing = *routings[l];
    std::string line = head + std::to_string(layers[l]);
    for (const auto& [expert, gate] : by_falling_gate(routing, i)) {
      std::array<char, 48> choice{};
      std::snprintf(choice.data(), choice.size(), "\t%d:%.6g", expert, static_cast<double>(gate));
      line += choice.data();
    }
    out << line << '\n';
  }
}

}  // namespace moelm
