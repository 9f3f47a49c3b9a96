#include "ops/rounded_matrix.hpp"

#include <algorithm>

#include "ops/gemm.hpp"
#include "ops/pack_kernels.hpp"

namespace moelm {

void RoundedMatrix::reshape(Index rows, Index cols, DataType type) {
  view_ = {nullptr, rows, cols, type, type == DataType::f32 || !native_bf16()};
  const Index bytes = rows * view_.bytes_of_row();
  if (bytes > capacity_) {
    data_.reset();
    data_ = allocate_block(static_cast<std::size_t>(bytes));
    capacity_ = bytes;
  }
  view_.data = data_.get();
}

void RoundedMatrix::store_row(Index i, const float* x) {
  if (!view_.wide) return pack_kernels().round(view_.cols, x, reinterpret_cast<Bf16*>(row(i)));
  auto* out = reinterpret_cast<float*>(row(i));
  if (view_.type == DataType::bf16)
    pack_kernels().round_wide(view_.cols, x, out);
  else
    std::copy_n(x, view_.cols, out);
}

void RoundedMatrix::load_row(Index i, Index begin, Index end, float* out) const {
  const std::byte* numbers = view_.data + i * view_.bytes_of_row();
  for (Index j = begin; j < end; ++j)
    *out++ =
        view_.wide ? reinterpret_cast<const float*>(numbers)[j] : from_bf16(reinterpret_cast<const Bf16*>(numbers)[j]);
}

}  // namespace moelm
