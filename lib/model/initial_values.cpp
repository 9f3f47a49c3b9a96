// The weights of a model before its first step.
#include <algorithm>
#include <cmath>

#include "base/check.hpp"
#include "model/layer_tensors.hpp"
#include "ops/bf16.hpp"
#include "ops/rows.hpp"

namespace moelm {

namespace {

/// Fills matrices from one stream, each under its own number.
class Initialiser {
 public:
  Initialiser(Context& context, std::uint64_t seed, Index layer) : context_(context), stream_(seed, "init", layer) {}

  void normal(Matrix& m, double stddev) {
    fill(m, [&](Index step, Index row, Matrix& out) {
      stream_.normals(step, row, 0, out.cols(), out.row(row));
      for (Index j = 0; j < out.cols(); ++j) out(row, j) *= static_cast<float>(stddev);
    });
  }

  /// Uniform with the variance 1 / fan_in, where fan_in = columns.
  void uniform(Matrix& m) {
    const float limit = std::sqrt(3.0f / static_cast<float>(m.cols()));
    fill(m, [&](Index step, Index row, Matrix& out) {
      stream_.uniforms(step, row, out.row_span(row));
      for (float& x : out.row_span(row)) x = limit * (2 * x - 1);
    });
  }

  /// The same numbers, rounded.
  void uniform(Bf16Matrix& m) {
    const Index step = next_;
    context_.parallel_ranges(m.rows(), kRowsPerTask, [&](Index begin, Index end) {
      std::vector<float> row(static_cast<std::size_t>(m.cols()));
      const float limit = std::sqrt(3.0f / static_cast<float>(m.cols()));
      for (Index i = begin; i < end; ++i) {
        stream_.uniforms(step, i, row);
        for (std::size_t j = 0; j < row.size(); ++j) m.row(i)[j] = to_bf16(limit * (2 * row[j] - 1));
      }
    });
    ++next_;
  }

  /// A matrix of another rank: those after it keep their numbers.
  void skip(InitialValue initial) {
    if (initial == InitialValue::normal || initial == InitialValue::uniform) ++next_;
  }

 private:
  template <class F>
  void fill(Matrix& m, F&& fill_row) {
    const Index step = next_++;
    context_.parallel_ranges(m.rows(), kRowsPerTask, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) fill_row(step, i, m);
    });
  }

  Context& context_;
  RandomStream stream_;
  Index next_ = 0;
};

void initialise_tensor(Initialiser& init, const TensorSpec& spec, const TensorPointer& tensor) {
  if (spec.type == DataType::bf16) {
    ensure(spec.initial == InitialValue::uniform, "tensors in bfloat16 are matrices of experts");
    init.uniform(*tensor.bf16);
    return;
  }
  const std::span<float> values = tensor.f32->values();
  switch (spec.initial) {
    case InitialValue::zero:
      std::fill(values.begin(), values.end(), 0.0f);
      break;
    case InitialValue::constant:
      std::fill(values.begin(), values.end(), static_cast<float>(spec.scale));
      break;
    case InitialValue::normal:
      init.normal(*tensor.f32, spec.scale);
      break;
    case InitialValue::uniform:
      init.uniform(*tensor.f32);
      break;
    case InitialValue::forget_bias:
      std::fill(values.begin(), values.end(), 0.0f);
      std::fill_n(values.begin() + static_cast<std::ptrdiff_t>(values.size() / 4), values.size() / 4, 1.0f);
      break;
  }
}

}  // namespace

void initialise(Context& context, std::uint64_t seed, ModelParameters& parameters) {
  const std::vector<std::vector<TensorPointer>> pointers = tensor_pointers(parameters);
  std::vector<Initialiser> layers;
  for (std::size_t l = 0; l < pointers.size(); ++l) layers.emplace_back(context, seed, static_cast<Index>(l));
  for_each_tensor(parameters,
                  [&](std::size_t l, const std::string&, const TensorSpec& spec, std::size_t place, int owner) {
                    if (is_here(parameters, owner))
                      initialise_tensor(layers[l], spec, pointers[l][place]);
                    else
                      layers[l].skip(spec.initial);
                  });
}

}  // namespace moelm
