#include "io/tensor_type.hpp"

#include <array>
#include <cstdint>
#include <cstring>

namespace moelm {

namespace {

struct Kind {
  TensorType type;
  std::string_view name;
  Index bytes;
};

constexpr std::array<Kind, 5> kKinds = {{{TensorType::f32, "F32", 4},
                                         {TensorType::bf16, "BF16", 2},
                                         {TensorType::i32, "I32", 4},
                                         {TensorType::i64, "I64", 8},
                                         {TensorType::f64, "F64", 8}}};

const Kind& kind_of(TensorType type) { return kKinds[static_cast<std::size_t>(type)]; }

// A number is not finite when all bits of its exponent are set.
template <class Bits>
Index first_with_exponent(const void* data, Index count, Bits exponent) {
  constexpr Index kBlock = 4096;
  const auto* bytes = static_cast<const unsigned char*>(data);
  for (Index begin = 0; begin < count; begin += kBlock) {
    const Index end = begin + kBlock < count ? begin + kBlock : count;
    Bits any = 0;
    for (Index i = begin; i < end; ++i) {
      Bits bits;
      std::memcpy(&bits, bytes + i * static_cast<Index>(sizeof bits), sizeof bits);
      any = static_cast<Bits>(any | static_cast<Bits>((bits & exponent) == exponent));
    }
    if (any == 0) continue;
    for (Index i = begin; i < end; ++i) {
      Bits bits;
      std::memcpy(&bits, bytes + i * static_cast<Index>(sizeof bits), sizeof bits);
      if ((bits & exponent) == exponent) return i;
    }
  }
  return -1;
}

}  // namespace

std::string_view tensor_type_name(TensorType type) { return kind_of(type).name; }

std::optional<TensorType> tensor_type_of(std::string_view name) {
  for (const Kind& kind : kKinds)
    if (kind.name == name) return kind.type;
  return std::nullopt;
}

Index tensor_type_bytes(TensorType type) { return kind_of(type).bytes; }

std::optional<Index> element_count(const std::vector<Index>& shape) {
  Index count = 1;
  for (const Index size : shape)
    if (size < 0 || __builtin_mul_overflow(count, size, &count)) return std::nullopt;
  return count;
}

std::optional<Index> tensor_bytes(TensorType type, const std::vector<Index>& shape) {
  const std::optional<Index> count = element_count(shape);
  Index bytes = 0;
  if (!count || __builtin_mul_overflow(*count, tensor_type_bytes(type), &bytes)) return std::nullopt;
  return bytes;
}

std::string shape_text(const std::vector<Index>& shape) {
  std::string text = "[";
  for (const Index size : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

Index first_non_finite(TensorType type, const void* data, Index count) {
  switch (type) {
    case TensorType::f32:
      return first_with_exponent<std::uint32_t>(data, count, 0x7f800000u);
    case TensorType::bf16:
      return first_with_exponent<std::uint16_t>(data, count, 0x7f80u);
    case TensorType::f64:
      return first_with_exponent<std::uint64_t>(data, count, 0x7ff0000000000000u);
    case TensorType::i32:
    case TensorType::i64:
      break;
  }
  return -1;
}

}  // namespace moelm
