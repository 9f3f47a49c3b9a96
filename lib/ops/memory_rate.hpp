// Measures how fast this machine reads memory in sequence.
#pragma once

namespace moelm {

/// Bytes in a second that one thread reads, in about 50 ms.
double measure_memory_rate();

}  // namespace moelm
