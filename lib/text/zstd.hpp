// Inflates zstd piece by piece.
#pragma once

#include <memory>
#include <string>

#include "text/inflater.hpp"

namespace moelm {

/// Inflates zstd streams that follow each other. `name` appears in error messages.
std::unique_ptr<Inflater> make_zstd_inflater(ReadBytes read, std::string name);

}  // namespace moelm
