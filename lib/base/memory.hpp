// Memory for numbers. Large blocks lie on huge pages where the system has them: reading all weights of a model is then
// up to twice as fast, and a fresh block costs few page faults.
#pragma once

#include <cstddef>
#include <memory>

namespace moelm {

/// Gives a block back; knows its size.
struct FreeBlock {
  std::size_t bytes = 0;
  void operator()(std::byte* block) const noexcept;
};

using Block = std::unique_ptr<std::byte[], FreeBlock>;

/// A block of at least one byte, aligned to 64 bytes, contents unspecified. Throws std::bad_alloc.
Block allocate_block(std::size_t bytes);

}  // namespace moelm
