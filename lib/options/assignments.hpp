// The assignments that completion offers after --set.
#pragma once

#include <string>
#include <vector>

namespace moelm {

/// "train.lr=" for every key that does not name a single layer, followed by "train.state=carry" for each of its
/// spellings, where it has some.
std::vector<std::string> key_assignments();

}  // namespace moelm
