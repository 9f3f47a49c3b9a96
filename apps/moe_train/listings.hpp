// The keys and presets of moe-train as tables, JSON and documentation.
#pragma once

#include <string>

#include "base/index.hpp"
#include "io/json.hpp"

namespace moelm {

/// --list-keys: a table, at most `width` columns wide if its words allow it, or a list of objects.
std::string keys_table(Index width);
Json keys_json();

/// --list-presets: name, size with a vocabulary of 793,471 as in the paper's tables, and purpose of each preset.
std::string presets_table(Index width);
Json presets_json();

/// docs/options.md: the text of docs/options.md.in with the tables of presets and keys filled in.
std::string options_markdown(const std::string& text_template);

}  // namespace moelm
