// The only file that speaks to oneDNN; 2.6 and 3.x both build. Its primitives are made for one thread and run inside
// our tasks: the split of the work is ours.
#include <omp.h>

#include <algorithm>
#include <cstddef>
#include <dnnl.hpp>
#include <map>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/check.hpp"
#include "ops/pack_kernels.hpp"
#include "ops/packed_product.hpp"

namespace moelm {

namespace {

using dnnl::memory;

/// oneDNN wants one engine a process; it is immutable.
const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

dnnl::stream& thread_stream() {
  thread_local dnnl::stream stream(engine());
  return stream;
}

/// Primitives are compiled for one thread whatever the caller's setting is, so that their bits never depend on it.
class OneThread {
 public:
  OneThread() : saved_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(saved_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int saved_;
};

memory::data_type native_type(bool wide) { return wide ? memory::data_type::f32 : memory::data_type::bf16; }

dnnl::matmul::primitive_desc describe(bool wide, Index rows, const memory::desc& b, Index inner, Index cols,
                                      bool accumulate) {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (accumulate) {
    dnnl::post_ops post;
    post.append_sum(1.0f);
    attributes.set_post_ops(post);
  }
  const memory::desc a({rows, inner}, native_type(wide), memory::format_tag::ab);
  const memory::desc c({rows, cols}, memory::data_type::f32, memory::format_tag::ab);
#if DNNL_VERSION_MAJOR >= 3
  return {engine(), a, b, c, attributes};
#else
  return {dnnl::matmul::desc(a, b, c), attributes, engine()};
#endif
}

memory::desc any_order(bool wide, Index inner, Index cols) {
  return {{inner, cols}, native_type(wide), memory::format_tag::any};
}

/// Whether this processor multiplies bfloat16 numbers itself: then oneDNN has a kernel that is named after them.
bool multiplies_bf16() {
  static const bool found = [] {
    const OneThread one_thread;
    try {
      const auto pd = describe(false, 64, any_order(false, 64, 64), 64, 64, false);
      return std::string_view(pd.impl_info_str()).find("_bf16") != std::string_view::npos;
    } catch (const dnnl::error&) {
      return false;
    }
  }();
  return found;
}

/// Whether a row's bits do not depend on the number of rows. This holds for oneDNN's brgemm kernels. Its kernels for
/// processors without AVX-512 sum in an order that depends on the number of rows.
bool rows_are_independent(const dnnl::matmul::primitive_desc& pd) {
  return std::string_view(pd.impl_info_str()).starts_with("brg");
}

/// What layout.native points to.
struct NativeLayout {
  PackedLayout layout;
  memory::desc description;
  std::string kernel;  ///< its name, for many rows
};

const NativeLayout& native_of(const PackedLayout& layout) { return *static_cast<const NativeLayout*>(layout.native); }

/// A product with B in the order that we can pack, if the library has one whose rows are independent. Of itself it
/// takes another order for some shapes: on AMX for few columns and long sums.
std::optional<dnnl::matmul::primitive_desc> describe_packable(bool wide, const memory::desc& b, Index inner,
                                                              Index cols) {
  try {
    auto pd = describe(wide, 64, b, inner, cols, false);
    if (rows_are_independent(pd)) return pd;
  } catch (const dnnl::error&) {
    // There is none.
  }
  return std::nullopt;
}

NativeLayout make_layout(DataType type, Index inner, Index cols) {
  const OneThread one_thread;
  NativeLayout made{
      {type, inner, cols, 0, PackedOrder::library, type == DataType::bf16 && !multiplies_bf16(), true, nullptr},
      {},
      {}};
  const bool wide = made.layout.wide();
  const auto tag = wide ? memory::format_tag::BA16a64b : memory::format_tag::BA16a64b2a;
  const memory::desc packable({inner, cols}, native_type(wide), tag);
  auto pd = describe(wide, 64, any_order(wide, inner, cols), inner, cols, false);
  if (pd.weights_desc() != packable)
    if (const auto other = describe_packable(wide, packable, inner, cols)) pd = *other;
  made.description = pd.weights_desc();
  if (made.description == packable) made.layout.order = PackedOrder::blocks_of_64;
  made.kernel = pd.impl_info_str();
  made.layout.any_rows = rows_are_independent(pd);
  made.layout.bytes = static_cast<Index>(made.description.get_size());
  return made;
}

/// A compiled product and its memory objects, which get the addresses of the numbers before each call.
struct Product {
  dnnl::matmul primitive;
  Index rows;  ///< of the primitive, at least those asked for
  memory a, b, c, scratchpad;
};

/// A product of `rows` rows or more by the kernel that the layout has for many. For one to three rows of a small
/// product on AMX the library takes its kernel for AVX-512, which sums in another order.
std::pair<dnnl::matmul::primitive_desc, Index> describe_alike(const PackedLayout& layout, Index rows, bool accumulate) {
  const NativeLayout& native = native_of(layout);
  const auto describe_rows = [&](Index count) {
    return describe(layout.wide(), count, native.description, layout.inner, layout.cols, accumulate);
  };
  auto pd = describe_rows(rows);
  for (const Index count : {Index{16}, Index{64}}) {
    if (!layout.any_rows || native.kernel == pd.impl_info_str()) break;
    if (count > rows) pd = describe_rows(rows = count);
  }
  return {pd, rows};
}

/// Products of this thread by (layout, rows, accumulate): compiled code, and descriptions without memory of their own.
Product& product(const PackedLayout& layout, Index rows, bool accumulate) {
  using Key = std::tuple<const void*, Index, bool>;
  thread_local std::map<Key, Product> table;
  const Key key(&layout, rows, accumulate);
  if (const auto found = table.find(key); found != table.end()) return found->second;
  const auto [pd, described] = describe_alike(layout, rows, accumulate);
  const auto nowhere = [](const memory::desc& desc) { return memory(desc, engine(), DNNL_MEMORY_NONE); };
  return table
      .emplace(key, Product{dnnl::matmul(pd), described, nowhere(pd.src_desc()), nowhere(pd.weights_desc()),
                            nowhere(pd.dst_desc()), nowhere(pd.scratchpad_desc())})
      .first->second;
}

void* untyped(const void* p) { return const_cast<void*>(p); }

}  // namespace

const PackedLayout& library_layout(DataType type, Index inner, Index cols) {
  using Key = std::tuple<DataType, Index, Index>;
  static std::shared_mutex mutex;
  static std::map<Key, NativeLayout> table;
  const Key key(type, inner, cols);
  {
    const std::shared_lock<std::shared_mutex> lock(mutex);
    if (const auto found = table.find(key); found != table.end()) return found->second.layout;
  }
  NativeLayout made = make_layout(type, inner, cols);
  const std::unique_lock<std::shared_mutex> lock(mutex);
  NativeLayout& kept = table.emplace(key, std::move(made)).first->second;
  kept.layout.native = &kept;
  return kept.layout;
}

void reorder_weights(const PackedLayout& layout, ConstMatrixView weights, Transpose transpose, void* image) {
  ensure(layout.wide(), "only single-precision numbers are reordered");
  const OneThread one_thread;
  const memory::dims strides =
      transpose == Transpose::yes ? memory::dims{1, weights.stride} : memory::dims{weights.stride, 1};
  memory source(memory::desc({layout.inner, layout.cols}, memory::data_type::f32, strides), engine(),
                untyped(weights.data));
  memory target(native_of(layout).description, engine(), image);
  dnnl::reorder(source, target).execute(thread_stream(), source, target);
}

namespace {

/// C = A B, or C += A B, of p.rows rows.
void execute(Context& context, Product& p, const void* image, const void* a, float* c) {
  const auto scratch_floats = static_cast<Index>(p.scratchpad.get_desc().get_size() / sizeof(float) + 1);
  p.a.set_data_handle(untyped(a));
  p.b.set_data_handle(untyped(image));
  p.c.set_data_handle(c);
  p.scratchpad.set_data_handle(context.scratch(ScratchSlot::library, scratch_floats).data());
  const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC, p.a.get()},
                                       {DNNL_ARG_WEIGHTS, p.b.get()},
                                       {DNNL_ARG_DST, p.c.get()},
                                       {DNNL_ARG_SCRATCHPAD, p.scratchpad.get()}};
  const dnnl_status_t status = dnnl_primitive_execute(p.primitive.get(), thread_stream().get(), 4, arguments);
  ensure(status == dnnl_success, "a product succeeds");
}

}  // namespace

void run_library_product(Context& context, const PackedLayout& layout, const void* image, const void* a, Index rows,
                         bool accumulate, float* c) {
  const OneThread one_thread;
  Product& p = product(layout, rows, accumulate);
  if (p.rows == rows) return execute(context, p, image, a, c);
  // More rows than asked for: those that are missing are zeros.
  const Index row_bytes = layout.inner * static_cast<Index>(layout.wide() ? sizeof(float) : sizeof(Bf16));
  auto* const padded_a = reinterpret_cast<std::byte*>(
      context.scratch(ScratchSlot::library_input, p.rows * row_bytes / Index{sizeof(float)} + 1).data());
  float* const padded_c = context.scratch(ScratchSlot::library_output, p.rows * layout.cols).data();
  std::fill_n(std::copy_n(static_cast<const std::byte*>(a), rows * row_bytes, padded_a), (p.rows - rows) * row_bytes,
              std::byte{0});
  if (accumulate) std::fill_n(std::copy_n(c, rows * layout.cols, padded_c), (p.rows - rows) * layout.cols, 0.0f);
  execute(context, p, image, padded_a, padded_c);
  std::copy_n(padded_c, rows * layout.cols, c);
}

void run_transposed_product(ConstMatrixView a, ConstMatrixView b, float beta, MatrixView c) {
  const OneThread one_thread;
  const dnnl_status_t status =
      dnnl_sgemm('T', 'N', c.rows, c.cols, a.rows, 1.0f, a.data, a.stride, b.data, b.stride, beta, c.data, c.stride);
  ensure(status == dnnl_success, "dnnl_sgemm succeeds");
}

namespace {

/// The instructions that oneDNN uses: those of the processor, or fewer where its own variable says so.
std::string instructions_in_use() {
  const std::pair<dnnl_cpu_isa_t, const char*> names[] = {{dnnl_cpu_isa_sse41, "sse41"},
                                                          {dnnl_cpu_isa_avx, "avx"},
                                                          {dnnl_cpu_isa_avx2, "avx2"},
                                                          {dnnl_cpu_isa_avx2_vnni, "avx2_vnni"},
                                                          {dnnl_cpu_isa_avx512_core, "avx512_core"},
                                                          {dnnl_cpu_isa_avx512_core_vnni, "avx512_core_vnni"},
                                                          {dnnl_cpu_isa_avx512_core_bf16, "avx512_core_bf16"},
                                                          {dnnl_cpu_isa_avx512_core_amx, "avx512_core_amx"}};
  const dnnl_cpu_isa_t isa = dnnl_get_effective_cpu_isa();
  for (const auto& [value, name] : names)
    if (value == isa) return name;
  return "instruction set " + std::to_string(static_cast<unsigned>(isa));
}

}  // namespace

const char* gemm_backend() {
  static const std::string text = [] {
    const dnnl_version_t* v = dnnl_version();
    return "oneDNN " + std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch) +
           ", " + instructions_in_use() +
           (packed_layout(DataType::f32, 64, 64).order == PackedOrder::panels_of_16 ? ", own panels" : "");
  }();
  return text.c_str();
}

bool native_bf16() { return multiplies_bf16(); }

}  // namespace moelm
