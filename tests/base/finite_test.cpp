// This file is compiled with -ffast-math (tests/base/CMakeLists.txt), which promises the compiler that there is no NaN:
// the question must be answered from the bits nonetheless.
#include "base/finite.hpp"

#include <cstring>
#include <vector>

#include "support/catch.hpp"

using namespace moelm;

namespace {

/// A number whose bits the compiler does not know.
template <class Number, class Bits>
Number number_of(Bits bits) {
  volatile Bits hidden = bits;
  const Bits read = hidden;
  Number number;
  std::memcpy(&number, &read, sizeof number);
  return number;
}

}  // namespace

#ifndef __FAST_MATH__
#error "this test means nothing without -ffast-math"
#endif

TEST_CASE("no compiler option hides what is not finite") {
  for (const std::uint32_t bits : {0x7f800000u, 0xff800000u, 0x7fc00000u, 0xffc00000u, 0x7f800001u, 0x7fffffffu})
    CHECK_FALSE(is_finite(number_of<float>(bits)));
  for (const std::uint32_t bits : {0u, 0x80000000u, 1u, 0x7f7fffffu, 0xff7fffffu, 0x3f800000u})
    CHECK(is_finite(number_of<float>(bits)));
  for (const std::uint64_t bits : {0x7ff0000000000000u, 0xfff0000000000000u, 0x7ff8000000000000u, 0x7ff0000000000001u})
    CHECK_FALSE(is_finite(number_of<double>(bits)));
  for (const std::uint64_t bits : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0x7fefffffffffffffu}})
    CHECK(is_finite(number_of<double>(bits)));
  // Arithmetic that ends beyond the numbers is seen too.
  volatile double great = 1e308;
  CHECK_FALSE(is_finite(great * 10));
  volatile double zero = 0;
  CHECK_FALSE(is_finite(zero / zero));
}
