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
  Index row = 0;           ///< as RowFacts::row: the number of the token read, 0 for the `</s>` before the text
  Index line = 0;          ///< line, from 1, of the token predicted here, so that `</s>` opens the line after it
  std::string_view token;  ///< text of the token read, any bytes
};

/// How an earlier file of routes is recognised, so that it may be replaced.
inline constexpr OutputKind kRoutesKind = {"routes of moe-stats", "token_index\tline\ttoken\tlayer\t", "\texpert_1"};

/// Writes the header line: token_index, line, token, layer, expert_1 to expert_M, where M is `max_experts`.
void write_routes_header(std::ostream& out, Index max_experts);

/// Writes one line per MoE layer for row `i` of a chunk: token index, line, token, layer, then expert:gate for each
/// chosen expert, by falling gate, then by number. `layers` are indices in model.layers, one per routing. The caller
/// checks the stream.
void write_routes(std::ostream& out, const RouteRow& row, Index i, std::span<const Index> layers,
                  std::span<const Routing* const> routings);

}  // namespace moelm
