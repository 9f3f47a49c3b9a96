#include "ops/packed_product.hpp"

#include <map>
#include <mutex>
#include <shared_mutex>
#include <tuple>

#include "ops/panel_kernels.hpp"

namespace moelm {

namespace {

PackedLayout choose_layout(DataType type, Index inner, Index cols) {
  PackedLayout layout = library_layout(type, inner, cols);
  if (layout.any_rows || !layout.wide() || panel_kernels() == nullptr) return layout;
  layout.order = PackedOrder::panels_of_16;
  layout.any_rows = true;
  layout.native = nullptr;
  layout.bytes = panels_of(cols) * kPanelColumns * inner * Index{sizeof(float)};
  return layout;
}

}  // namespace

const PackedLayout& packed_layout(DataType type, Index inner, Index cols) {
  using Key = std::tuple<DataType, Index, Index>;
  static std::shared_mutex mutex;
  static std::map<Key, PackedLayout> table;
  const Key key(type, inner, cols);
  {
    const std::shared_lock<std::shared_mutex> lock(mutex);
    if (const auto found = table.find(key); found != table.end()) return found->second;
  }
  const PackedLayout layout = choose_layout(type, inner, cols);
  const std::unique_lock<std::shared_mutex> lock(mutex);
  return table.emplace(key, layout).first->second;
}

void run_product(Context& context, const PackedLayout& layout, const void* image, const void* a, Index rows,
                 bool accumulate, float* c) {
  if (layout.order != PackedOrder::panels_of_16)
    return run_library_product(context, layout, image, a, rows, accumulate, c);
  panel_kernels()->multiply(rows, layout.inner, layout.cols, static_cast<const float*>(a), layout.inner,
                            static_cast<const float*>(image), accumulate, c, layout.cols);
}

}  // namespace moelm
