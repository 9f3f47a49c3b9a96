// Work is done once each, exceptions come back, scratch is aligned.
#include "base/context.hpp"

#include <atomic>
#include <stdexcept>
#include <vector>

#include "support/catch.hpp"

using namespace moelm;

TEST_CASE("every task runs exactly once for any thread count") {
  for (const int threads : {1, 2, 5}) {
    Context context(threads);
    std::vector<std::atomic<int>> runs(1000);
    context.parallel_for(1000, [&](Index i) { ++runs[static_cast<std::size_t>(i)]; });
    for (const auto& n : runs) REQUIRE(n == 1);
  }
}

TEST_CASE("ranges cover the whole without overlap") {
  Context context(2);
  std::vector<std::atomic<int>> seen(103);
  context.parallel_ranges(103, 10, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) ++seen[static_cast<std::size_t>(i)];
  });
  for (const auto& n : seen) REQUIRE(n == 1);
}

TEST_CASE("an exception of a task reaches the caller") {
  Context context(2);
  REQUIRE_THROWS_AS(context.parallel_for(10,
                                         [](Index i) {
                                           if (i == 7) throw std::runtime_error("seven");
                                         }),
                    std::runtime_error);
}

TEST_CASE("scratch is aligned to cache lines and kept between calls") {
  Context context(1);
  const auto first = context.scratch(ScratchSlot::library, 100);
  REQUIRE(reinterpret_cast<std::uintptr_t>(first.data()) % 64 == 0);
  REQUIRE(context.scratch(ScratchSlot::library, 50).data() == first.data());
  REQUIRE(context.scratch(ScratchSlot::rounded, 50).data() != first.data());
}
