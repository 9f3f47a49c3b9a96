#include "base/memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <new>

namespace moelm {

namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::align_val_t kCacheLine{64};

/// From a huge page's beginning on; what was mapped around it is given back at once, so it counts for no limit.
std::byte* map_huge(std::size_t bytes) {
  if (bytes > SIZE_MAX - kHugePage) throw std::bad_alloc();
  void* const all = ::mmap(nullptr, bytes + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (all == MAP_FAILED) throw std::bad_alloc();
  auto* const begin = static_cast<std::byte*>(all);
  const std::size_t skip = (kHugePage - reinterpret_cast<std::uintptr_t>(all) % kHugePage) % kHugePage;
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));  // 64 KiB on some ARM systems
  const std::size_t kept = (bytes + page - 1) / page * page;
  if (skip > 0) ::munmap(begin, skip);
  if (kHugePage - skip > kept - bytes) ::munmap(begin + skip + kept, bytes + kHugePage - skip - kept);
  ::madvise(begin + skip, bytes, MADV_HUGEPAGE);  // a wish: where it is not granted nothing is lost
  return begin + skip;
}

}  // namespace

void FreeBlock::operator()(std::byte* block) const noexcept {
  if (bytes >= kHugePage)
    ::munmap(block, bytes);
  else
    ::operator delete[](block, kCacheLine);
}

Block allocate_block(std::size_t bytes) {
  if (bytes >= kHugePage) return Block(map_huge(bytes), FreeBlock{bytes});
  return Block(static_cast<std::byte*>(::operator new[](bytes, kCacheLine)), FreeBlock{bytes});
}

}  // namespace moelm
