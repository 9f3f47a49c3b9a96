// The number types of stored tensors: names, sizes, shapes with checked products, and the search for NaN.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/index.hpp"

namespace moelm {

/// The element types of our files.
enum class TensorType { f32, bf16, i32, i64, f64 };

/// safetensors' name of a type: F32, BF16, I32, I64, F64.
std::string_view tensor_type_name(TensorType type);
/// The type of that name, or nothing.
std::optional<TensorType> tensor_type_of(std::string_view name);
/// Bytes of one element.
Index tensor_type_bytes(TensorType type);

/// Product of the sizes (1 for no sizes); nothing if one is negative or the product overflows.
std::optional<Index> element_count(const std::vector<Index>& shape);
/// Bytes of a dense tensor; nothing if element_count is nothing or the product overflows.
std::optional<Index> tensor_bytes(TensorType type, const std::vector<Index>& shape);
/// "[2, 3]".
std::string shape_text(const std::vector<Index>& shape);

/// The index of the first NaN or infinity among `count` elements, or -1. Examines the bits, so no compiler option can
/// defeat it. Integers are always finite. `data` need not be aligned.
Index first_non_finite(TensorType type, const void* data, Index count);

}  // namespace moelm
