// Chooses the faster type for the matrix products of this machine. bfloat16 instructions are not always faster, so both
// types are timed.
#pragma once

#include "base/data_type.hpp"

namespace moelm {

/// bf16 where products that read it are at least 1.3 times as fast as single precision, in about 50 ms of one thread.
DataType measure_faster_type();

/// Multiply-adds in a second that products reading a type reach on one thread, in about 50 ms.
double measure_product_rate(DataType type);

}  // namespace moelm
