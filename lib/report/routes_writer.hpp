// Every routing decision as tab-separated text (`moe-stats --routes`).
#pragma once

#include <functional>
#include <ostream>
#include <span>
#include <string>

#include "base/index.hpp"
#include "moe/routing.hpp"

namespace moelm {

/// One time step of a chunk.
struct RouteRow {
  Index row = 0;   ///< as RowFacts::row: the number of the token read, 0 for the `</s>` before the text
  Index line = 0;  ///< line of the text, from 1, that the token predicted here belongs to; a `</s>` so opens its line
  std::string_view token;  ///< text of the token read, any bytes
};

/// Writes, for row `i` of a chunk, one line for each MoE layer: token index, line, token, layer, then expert:gate for
/// each expert chosen, by falling gate. `layers` are indices in model.layers, one for each routing. A failing stream is
/// the caller's to check.
void write_routes(std::ostream& out, const RouteRow& row, Index i, std::span<const Index> layers,
                  std::span<const Routing* const> routings);

}  // namespace moelm
