// The lines of a split of a data folder.
#pragma once

#include <memory>

#include "data/dataset.hpp"
#include "train/line_source.hpp"

namespace moelm {

/// Refers to the dataset, which must outlive it. Never waits.
std::unique_ptr<LineSource> make_split_lines(const Dataset& data, Split split, StateKind state);

}  // namespace moelm
