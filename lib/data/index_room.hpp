// Whether the index of a data folder has room for the names of all inputs.
#pragma once

#include "data/prepare.hpp"

namespace moelm {

/// Error(bad_data) where the index of a folder made of so many files would be more than its readers take: known before
/// the work, not after it.
void require_readable_index(const PrepareOptions& options);

}  // namespace moelm
