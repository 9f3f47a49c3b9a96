// A thread makes batches ahead of time, so that training does not wait for shards to be read and lines to be sorted.
#pragma once

#include <memory>

#include "batch/batch_source.hpp"

namespace moelm {

/// About how many rows are made ahead: at least one batch, and no further batch once this number is reached.
inline constexpr Index kRowsAhead = Index{1} << 16;

/// The batches of `inner`, in the same order. position() is that of the next batch, however far ahead the thread is. An
/// exception of `inner` is thrown by the next() that asks for its batch, and by every later one until seek(). The
/// thread starts with the first next() and ends with the source.
std::unique_ptr<BatchSource> make_read_ahead(std::unique_ptr<BatchSource> inner);

}  // namespace moelm
