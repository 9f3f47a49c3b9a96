// The number types that matrix products read. Whatever they read, they add up in single precision.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/option.hpp"

namespace moelm {

/// bf16: the upper half of a single-precision number, rounded to nearest, ties to even.
enum class DataType { f32, bf16 };

/// Bits of a bfloat16 number.
using Bf16 = std::uint16_t;

template <>
struct EnumNames<DataType> {
  static constexpr std::array<std::pair<std::string_view, DataType>, 2> values = {
      {{"f32", DataType::f32}, {"bf16", DataType::bf16}}};
};

/// "f32" or "bf16", as options and reports spell it.
inline std::string data_type_name(DataType type) { return std::string(enum_name(type)); }

}  // namespace moelm
