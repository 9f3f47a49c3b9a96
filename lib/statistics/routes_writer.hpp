// Every routing decision as tab-separated text (`moe-stats --routes`).
#pragma once

#include <functional>
#include <ostream>
#include <span>
#include <string>

#include "base/index.hpp"
#include "io/output_file.hpp"
#include "moe/routing.hpp"

namespace moelm {

/// One time step of a chunk.
struct RouteRow {
  Index row = 0;   ///< as RowFacts::row: the number of the token read, 0 for the `</s>` before the text
  Index line = 0;  ///< line of the text, from 1, that the token predicted here belongs to; a `</s>` so opens its line
  std::string_view token;  ///< text of the token read, any bytes
};

/// How such a file is recognised, so that it may be replaced by a newer one.
inline constexpr OutputKind kRoutesKind = {"routes of moe-stats", "token_index\tline\ttoken\tlayer\t", "\texpert_1"};

/// The first line of the file, names of its columns: token_index, line, token, layer, expert_1 to expert_M, where M is
/// the greatest number of experts that a row of any layer can have.
void write_routes_header(std::ostream& out, Index most_experts);

/// Writes, for row `i` of a chunk, one line for each MoE layer: token index, line, token, layer, then expert:gate for
/// each expert chosen, by falling gate, of equal gates the lower expert first. `layers` are indices in model.layers,
/// one for each routing. A failing stream is the caller's to check.
void write_routes(std::ostream& out, const RouteRow& row, Index i, std::span<const Index> layers,
                  std::span<const Routing* const> routings);

}  // namespace moelm
