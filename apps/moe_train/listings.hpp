// What moe-train can be asked for without training: its keys and its presets, as tables, JSON and documentation.
#pragma once

#include <string>

#include "base/index.hpp"
#include "io/json.hpp"

namespace moelm {

/// --list-keys: a table of at most `width` columns where that can be, or a list of objects.
std::string keys_table(Index width);
Json keys_json();

/// --list-presets: name, size over a vocabulary of 793,471 as in the paper's tables, and what each is for.
std::string presets_table(Index width);
Json presets_json();

/// The whole of docs/options.md.
std::string options_markdown();

}  // namespace moelm
