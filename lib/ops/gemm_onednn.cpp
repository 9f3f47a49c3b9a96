// The only file that speaks to oneDNN; 2.6 and 3.x both build. Its primitives are made for one thread and run inside
// our tasks: the split of the work is ours.
#include <omp.h>

#include <algorithm>
#include <dnnl.hpp>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <tuple>

#include "base/check.hpp"
#include "ops/gemm.hpp"

namespace moelm {

namespace {

using dnnl::memory;

constexpr int kScratchpadSlot = 0, kPaddedInputSlot = 6, kPaddedOutputSlot = 7;  // 1 to 5 are the callers'

/// oneDNN wants one engine a process; it is immutable.
const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

dnnl::stream& thread_stream() {
  thread_local dnnl::stream stream(engine());
  return stream;
}

memory::desc plain(Index rows, Index cols) { return {{rows, cols}, memory::data_type::f32, memory::format_tag::ab}; }

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

struct Product {
  dnnl::matmul primitive;
  memory::desc a, b, c, scratchpad;
};

dnnl::matmul::primitive_desc describe(Index rows, const memory::desc& b, Index inner, Index cols, bool accumulate) {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (accumulate) {
    dnnl::post_ops post;
    post.append_sum(1.0f);
    attributes.set_post_ops(post);
  }
#if DNNL_VERSION_MAJOR >= 3
  return {engine(), plain(rows, inner), b, plain(rows, cols), attributes};
#else
  return {dnnl::matmul::desc(plain(rows, inner), b, plain(rows, cols)), attributes, engine()};
#endif
}

dnnl::matmul::primitive_desc describe_preferred(Index inner, Index cols) {
  const OneThread one_thread;
  return describe(64, {{inner, cols}, memory::data_type::f32, memory::format_tag::any}, inner, cols, false);
}

/// Whether a row's bits are the same whatever the number of rows. So it is for oneDNN's brgemm kernels; those that
/// serve processors without AVX-512 choose the order of their sums by the number of rows.
bool rows_are_independent(const dnnl::matmul::primitive_desc& pd) {
  return std::string_view(pd.impl_info_str()).starts_with("brg");
}

/// Compiled products by (rows, inner, cols, accumulate): code, not state. Entries live as long as the process.
const Product& product(Index rows, Index inner, Index cols, bool accumulate, const memory::desc& b) {
  using Key = std::tuple<Index, Index, Index, bool>;
  static std::shared_mutex mutex;
  static std::map<Key, Product> table;
  const Key key(rows, inner, cols, accumulate);
  {
    const std::shared_lock<std::shared_mutex> lock(mutex);
    if (const auto found = table.find(key); found != table.end()) return found->second;
  }
  const OneThread one_thread;
  const auto pd = describe(rows, b, inner, cols, accumulate);
  Product made{dnnl::matmul(pd), pd.src_desc(), pd.weights_desc(), pd.dst_desc(), pd.scratchpad_desc()};
  const std::unique_lock<std::shared_mutex> lock(mutex);
  return table.emplace(key, std::move(made)).first->second;
}

void* untyped(const float* p) { return const_cast<float*>(p); }

/// Rows of one task: small products are cut finer, so that a few streams still feed all threads.
Index rows_of_a_task(Index rows) { return rows >= 512 ? 64 : 16; }

constexpr Index kGradientRows = 128;  // rows of C of one multiply_transposed task

}  // namespace

struct PackedMatrix::Image {
  Index inner = 0, cols = 0;
  bool any_rows = true;  ///< see rows_are_independent
  memory::desc layout;
  memory data;
  std::size_t capacity = 0;
};

PackedMatrix::PackedMatrix() : image_(std::make_unique<Image>()) {}
PackedMatrix::~PackedMatrix() = default;
PackedMatrix::PackedMatrix(PackedMatrix&&) noexcept = default;
PackedMatrix& PackedMatrix::operator=(PackedMatrix&&) noexcept = default;
Index PackedMatrix::inner() const { return image_->inner; }
Index PackedMatrix::cols() const { return image_->cols; }

void PackedMatrix::pack(ConstMatrixView weights, Transpose transpose) {
  const bool swap = transpose == Transpose::yes;
  const Index inner = swap ? weights.cols : weights.rows, cols = swap ? weights.rows : weights.cols;
  if (inner != image_->inner || cols != image_->cols) {
    image_->inner = inner;
    image_->cols = cols;
    const auto preferred = describe_preferred(inner, cols);
    image_->any_rows = rows_are_independent(preferred);
    image_->layout = preferred.weights_desc();
    image_->data = memory(image_->layout, engine());
  }
  const OneThread one_thread;
  const memory::dims strides = swap ? memory::dims{1, weights.stride} : memory::dims{weights.stride, 1};
  memory source(memory::desc({inner, cols}, memory::data_type::f32, strides), engine(), untyped(weights.data));
  dnnl::reorder(source, image_->data).execute(thread_stream(), source, image_->data);
}

namespace {

/// C = A B + beta C for the rows of one task.
void multiply_rows(Context& context, ConstMatrixView a, const PackedMatrix::Image& image, float beta, MatrixView c) {
  const OneThread one_thread;
  const Product& p = product(a.rows, image.inner, image.cols, beta == 1, image.layout);
  const Index scratch_floats = static_cast<Index>(p.scratchpad.get_size() / sizeof(float) + 1);
  memory scratch(p.scratchpad, engine(), context.scratch(kScratchpadSlot, scratch_floats).data());
  memory am(p.a, engine(), untyped(a.data)), cm(p.c, engine(), c.data);
  p.primitive.execute(
      thread_stream(),
      {{DNNL_ARG_SRC, am}, {DNNL_ARG_WEIGHTS, image.data}, {DNNL_ARG_DST, cm}, {DNNL_ARG_SCRATCHPAD, scratch}});
}

/// The same by a product of `rows` rows, of which those that A lacks are zero.
void multiply_padded(Context& context, ConstMatrixView a, Index rows, const PackedMatrix::Image& image, float beta,
                     MatrixView c) {
  const MatrixView pa{context.scratch(kPaddedInputSlot, rows * a.cols).data(), rows, a.cols, a.cols};
  const MatrixView pc{context.scratch(kPaddedOutputSlot, rows * c.cols).data(), rows, c.cols, c.cols};
  std::fill_n(std::copy_n(a.data, a.size(), pa.data), pa.size() - a.size(), 0.0f);
  if (beta == 1) std::fill_n(std::copy_n(c.data, c.size(), pc.data), pc.size() - c.size(), 0.0f);
  multiply_rows(context, pa, image, beta, pc);
  std::copy_n(pc.data, c.size(), c.data);
}

}  // namespace

void multiply(Context& context, ConstMatrixView a, const PackedMatrix& b, float beta, MatrixView c) {
  const PackedMatrix::Image& image = b.image();
  ensure(a.cols == image.inner && c.cols == image.cols && a.rows == c.rows, "shapes of a product agree");
  ensure(a.dense() && c.dense(), "rows of a product are dense");
  ensure(beta == 0 || beta == 1, "a product overwrites or adds");
  const Index grain = rows_of_a_task(a.rows);
  context.parallel_ranges(a.rows, grain, [&](Index begin, Index end) {
    if (image.any_rows || end - begin == grain)
      multiply_rows(context, a.row_range(begin, end), image, beta, c.row_range(begin, end));
    else
      multiply_padded(context, a.row_range(begin, end), grain, image, beta, c.row_range(begin, end));
  });
}

void multiply_transposed(Context& context, ConstMatrixView a, ConstMatrixView b, float beta, MatrixView c) {
  ensure(a.rows == b.rows && a.cols == c.rows && b.cols == c.cols, "shapes of a product agree");
  if (a.rows == 0) {
    for (Index i = 0; beta == 0 && i < c.rows; ++i) std::fill_n(c.row(i), c.cols, 0.0f);
    return;
  }
  context.parallel_ranges(c.rows, kGradientRows, [&](Index begin, Index end) {
    const OneThread one_thread;
    const dnnl_status_t status = dnnl_sgemm('T', 'N', end - begin, c.cols, a.rows, 1.0f, a.data + begin, a.stride,
                                            b.data, b.stride, beta, c.row(begin), c.stride);
    ensure(status == dnnl_success, "dnnl_sgemm succeeds");
  });
}

const char* gemm_backend() {
  static const std::string text = [] {
    const dnnl_version_t* v = dnnl_version();
    return "oneDNN " + std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch);
  }();
  return text.c_str();
}

}  // namespace moelm
