// The models of the paper's tables 7 and 8, those it trained and those it compares with.
#pragma once

#include <vector>

#include "train/presets.hpp"

namespace moelm {

/// Table 7 (1 billion words, appendix C) under the names printed there in lower case, table 8 (100 billion words of
/// news, appendix D) with "-news" behind.
std::vector<Preset> paper_presets();

}  // namespace moelm
