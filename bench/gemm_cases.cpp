// Matrix products of the shapes of training: rows of a step, an expert, a time step, times the weights of each layer.
#include "bench/cases.hpp"
#include "bench/plain.hpp"
#include "ops/gemm.hpp"
#include "ops/packed_product.hpp"

namespace moelm {

namespace {

constexpr double kProductTolerance = 1e-5;  // of numbers rounded alike
const char* const kPart = "products";

/// A weight matrix [outputs, inputs] and the rows that it meets.
struct Shape {
  Index rows, inputs, outputs;

  std::string text() const {
    return std::to_string(rows) + "x" + std::to_string(inputs) + "x" + std::to_string(outputs);
  }
  Shape sized(const BenchSetting& setting) const {
    return {setting.size(rows), setting.size(inputs), setting.size(outputs)};
  }
  double flops() const { return 2.0 * static_cast<double>(rows * inputs * outputs); }
};

/// Compares the first and the last row of c with op(a) op(b) in plain loops.
void check_rows(const BenchSetting& setting, const std::string& name, Transpose ta, ConstMatrixView a, Transpose tb,
                ConstMatrixView b, ConstMatrixView c, DataType type) {
  for (const Index i : {Index{0}, c.rows - 1}) {
    Matrix plain(1, c.cols);
    const ConstMatrixView left = ta == Transpose::yes ? a.col_range(i, i + 1) : a.row_range(i, i + 1);
    multiply_plain(ta, left, tb, b, 0.0f, plain, type);
    expect_close(setting, name, row_of(c, i), row_of(plain, 0), kProductTolerance);
  }
}

template <class Product>
BenchResult timed(Context& context, const BenchSetting& setting, const std::string& name, const Shape& shape,
                  const Product& product) {
  BenchResult result = begin_result(kPart, name, context);
  result.seconds = setting.median_seconds(product);
  result.flops = shape.flops();
  return result;
}

/// y = x W^T (forward) or dx = dy W (backward to the inputs), with weights packed before or each time.
BenchResult run_packed(Context& context, const BenchSetting& setting, const std::string& name, const Shape& shape,
                       Transpose transpose, bool pack_each_time) {
  const bool forward = transpose == Transpose::yes;
  const Matrix a = random_numbers(context, shape.rows, forward ? shape.inputs : shape.outputs, 1);
  const Matrix w = random_numbers(context, shape.outputs, shape.inputs, 2);
  Matrix c(shape.rows, forward ? shape.outputs : shape.inputs);
  PackedMatrix packed;
  const auto pack = [&] { packed.pack(context, w, transpose, context.products()); };
  const auto product = [&] {
    if (pack_each_time) pack();
    multiply(context, a, packed, 0.0f, c);
  };
  pack();
  product();
  check_rows(setting, name, Transpose::no, a, transpose, w, c, context.products());
  return timed(context, setting, name, shape, product);
}

/// dW = dy^T x.
BenchResult run_gradient(Context& context, const BenchSetting& setting, const std::string& name, const Shape& shape) {
  const Matrix a = random_numbers(context, shape.rows, shape.outputs, 1);
  const Matrix b = random_numbers(context, shape.rows, shape.inputs, 2);
  Matrix c(shape.outputs, shape.inputs);
  const auto product = [&] { multiply_transposed(context, a, b, 0.0f, c, context.products()); };
  product();
  check_rows(setting, name, Transpose::yes, a, Transpose::no, b, c, context.products());
  return timed(context, setting, name, shape, product);
}

/// The same by the library's routine that takes matrices as they are, its columns split between the threads.
BenchResult run_unpacked(Context& context, const BenchSetting& setting, const std::string& name, const Shape& shape) {
  const Matrix a = random_numbers(context, shape.rows, shape.outputs, 1);
  const Matrix b = random_numbers(context, shape.rows, shape.inputs, 2);
  Matrix c(shape.outputs, shape.inputs);
  const Index grain = (shape.outputs + context.threads() - 1) / context.threads();
  const auto product = [&] {
    context.parallel_ranges(shape.outputs, grain, [&](Index begin, Index end) {
      run_transposed_product(a.view().col_range(begin, end), b, 0.0f, c.view().row_range(begin, end));
    });
  };
  product();
  check_rows(setting, name, Transpose::yes, a, Transpose::no, b, c, DataType::f32);
  return timed(context, setting, name, shape, product);
}

/// y = x W^T by the library and in its own layout, whichever product `packed_layout` prefers.
BenchResult run_library(Context& context, const BenchSetting& setting, const std::string& name, const Shape& shape) {
  constexpr Index kRowsOfATask = 64;
  const Matrix a = random_numbers(context, shape.rows, shape.inputs, 1);
  const Matrix w = random_numbers(context, shape.outputs, shape.inputs, 2);
  Matrix c(shape.rows, shape.outputs);
  const PackedLayout& layout = library_layout(DataType::f32, shape.inputs, shape.outputs);
  const Block image = allocate_block(static_cast<std::size_t>(layout.bytes));
  reorder_weights(layout, w, Transpose::yes, image.get());
  const auto product = [&] {
    context.parallel_ranges(shape.rows, kRowsOfATask, [&](Index begin, Index end) {
      run_library_product(context, layout, image.get(), a.row(begin), end - begin, false, c.row(begin));
    });
  };
  product();
  check_rows(setting, name, Transpose::no, a, Transpose::yes, w, c, DataType::f32);
  return timed(context, setting, name, shape, product);
}

/// The standard set: the shapes that set the ceiling, a single row, and an expert's share.
bool is_standard(const Shape& s, bool forward) {
  if (s.rows == 2048) return s.outputs == 4096 || (forward && s.outputs != 512);
  return forward && s.inputs == 512 && s.outputs == 1024 && (s.rows == 1 || s.rows == 128);
}

}  // namespace

std::vector<BenchCase> gemm_cases(const BenchSetting& setting) {
  std::vector<BenchCase> cases;
  const auto add = [&](const char* kind, const Shape& meant, BenchChoice choice, bool single_type, auto run) {
    const std::string name = std::string("gemm-") + kind + "-" + meant.text();
    const Shape shape = meant.sized(setting);
    const auto measure = [=](Context& context) { return run(context, setting, name, shape); };
    cases.push_back({kPart, name, measure, choice, single_type});
  };
  const auto packed = [](Transpose transpose, bool pack_each_time) {
    return [=](Context& context, const BenchSetting& with, const std::string& name, const Shape& shape) {
      return run_packed(context, with, name, shape, transpose, pack_each_time);
    };
  };
  const auto choice = [](bool standard) { return standard ? BenchChoice::standard : BenchChoice::extra; };
  for (const auto& [inputs, outputs] :
       std::vector<std::pair<Index, Index>>{{512, 1024}, {1024, 512}, {512, 2048}, {1024, 4096}, {512, 10000}})
    for (Index rows = 1; rows <= 2048; rows *= 2) {
      const Shape shape{rows, inputs, outputs};
      add("forward", shape, choice(is_standard(shape, true)), false, packed(Transpose::yes, false));
      add("backward", shape, choice(is_standard(shape, false)), false, packed(Transpose::no, false));
      add("gradient", shape, choice(is_standard(shape, false)), false, run_gradient);
      add("library", shape, BenchChoice::extra, true, run_library);
      if (rows != 1 && rows != 32 && rows != 2048) continue;
      add("packing", shape, choice(rows == 2048 && outputs == 4096), false, packed(Transpose::yes, true));
      add("sgemm", shape, choice(rows == 2048 && outputs == 4096), true, run_unpacked);
    }
  return cases;
}

}  // namespace moelm
