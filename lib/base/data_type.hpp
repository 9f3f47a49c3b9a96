// The number types that matrix products read. Whatever they read, they add up in single precision.
#pragma once

namespace moelm {

/// bf16: the upper half of a single-precision number, rounded to nearest, ties to even.
enum class DataType { f32, bf16 };

/// "f32" or "bf16", as options and reports spell it.
constexpr const char* data_type_name(DataType type) { return type == DataType::f32 ? "f32" : "bf16"; }

}  // namespace moelm
