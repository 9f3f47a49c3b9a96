// Checks that the index of a data folder has room for the names of all inputs.
#pragma once

#include "data/tokenize_corpus.hpp"

namespace moelm {

/// Error(bad_data) if readers would refuse the index of so many files. Called before the work, not after it.
void require_readable_index(const TokenizeOptions& options);

}  // namespace moelm
