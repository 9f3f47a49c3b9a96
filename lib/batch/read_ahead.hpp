// Batches made ahead by a thread of their own, so that training never waits for shards to be read and lines sorted.
#pragma once

#include <memory>

#include "batch/batch_source.hpp"

namespace moelm {

/// Rows that are made ahead, about: but at least one batch is, and at most as many as reach this number.
inline constexpr Index kRowsAhead = Index{1} << 16;

/// The very batches of `inner`, in its order; position() is that of the batch that comes next, however far ahead the
/// thread is. What `inner` throws while reading ahead is thrown by the next() that would have met it, and by every
/// later one until seek(). The thread starts with the first next() and ends with the source.
std::unique_ptr<BatchSource> make_read_ahead(std::unique_ptr<BatchSource> inner);

}  // namespace moelm
