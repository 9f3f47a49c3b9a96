// Inflates bzip2 piece by piece.
#pragma once

#include <memory>
#include <string>

#include "text/inflater.hpp"

namespace moelm {

/// Inflates bzip2 streams that follow each other. `name` appears in error messages.
std::unique_ptr<Inflater> make_bzip2_inflater(ReadBytes read, std::string name);

}  // namespace moelm
