// The models of the paper's tables 7 and 8, those it trained and those it compares with.
#pragma once

#include <vector>

#include "options/presets.hpp"

namespace moelm {

/// A layer of a configuration's list.
inline Json lstm_layer(Index cells, Index projection = 0) {
  return {{"type", "lstm"}, {"cells", cells}, {"projection", projection}};
}
inline Json moe_layer(Index experts, Index k, std::vector<Index> hidden = {1024}) {
  return {{"type", "moe"}, {"experts", experts}, {"k", k}, {"hidden", hidden}};
}

/// Table 7 (1 billion words, appendix C) under the names printed there in lower case, table 8 (100 billion words of
/// news, appendix D) with "-news" behind.
std::vector<Preset> paper_presets();

}  // namespace moelm
