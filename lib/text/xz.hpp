// Inflates xz piece by piece.
#pragma once

#include <memory>
#include <string>

#include "text/inflater.hpp"

namespace moelm {

/// Inflates xz streams that follow each other. `name` appears in error messages.
std::unique_ptr<Inflater> make_xz_inflater(ReadBytes read, std::string name);

}  // namespace moelm
