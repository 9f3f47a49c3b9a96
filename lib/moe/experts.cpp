#include "moe/experts.hpp"

#include <algorithm>
#include <array>

#include "base/check.hpp"
#include "ops/dropout.hpp"
#include "ops/kernels.hpp"

namespace moelm {

namespace {

constexpr Index kRowsPerExpertTask = 256;

/// Some rows of one expert: the unit of work.
struct Task {
  Index expert, begin, end;
};

/// All rows of all experts in tasks, the longest first so that threads end together.
std::vector<Task> plan_tasks(const std::vector<Index>& offset) {
  std::vector<Task> tasks;
  for (Index e = 0; e + 1 < static_cast<Index>(offset.size()); ++e) {
    const Index end = offset[static_cast<std::size_t>(e) + 1];
    for (Index begin = offset[static_cast<std::size_t>(e)]; begin < end; begin += kRowsPerExpertTask)
      tasks.push_back({e, begin, std::min(end, begin + kRowsPerExpertTask)});
  }
  std::stable_sort(tasks.begin(), tasks.end(),
                   [](const Task& a, const Task& b) { return a.end - a.begin > b.end - b.begin; });
  return tasks;
}

void prepare_workers(const Context& context, std::size_t matrices, ExpertsCache& cache) {
  const auto threads = static_cast<std::size_t>(context.threads());
  if (cache.packing == WeightPacking::every_pass) {
    cache.packed.resize(threads);
    for (auto& of_thread : cache.packed) of_thread.resize(matrices);
  }
  cache.hidden.resize(threads);
  for (auto& of_thread : cache.hidden) of_thread.resize(matrices - 1);
}

void pack(Context& context, const ExpertParameters& expert, std::size_t j, Transpose transpose, PackedMatrix& packed) {
  if (expert.weight.empty())
    packed.pack(context, expert.bf16_weight[j], transpose, context.products());
  else
    packed.pack(context, expert.weight[j], transpose, context.products());
}

/// Packs the matrices of all experts that have rows and were never packed.
void pack_once(Context& context, std::span<const ExpertParameters> experts, ExpertsCache& cache) {
  cache.packed.resize(experts.size());
  context.parallel_for(static_cast<Index>(experts.size()), [&](Index e) {
    auto& packed = cache.packed[static_cast<std::size_t>(e)];
    if (!packed.empty() || cache.factors.rows_of(e) == 0) return;
    const ExpertParameters& expert = experts[static_cast<std::size_t>(e)];
    packed.resize(expert.matrices());
    for (std::size_t j = 0; j < packed.size(); ++j) pack(context, expert, j, Transpose::yes, packed[j]);
  });
}

/// out = x W^T, with ReLU after all matrices but the last.
void through_matrix(Context& context, const ExpertParameters& expert, std::size_t j, ConstMatrixView x,
                    PackedMatrix& packed, WeightPacking packing, MatrixView out) {
  if (packing == WeightPacking::every_pass) pack(context, expert, j, Transpose::yes, packed);
  multiply(context, x, packed, 0.0f, out);
  if (j + 1 < expert.matrices()) kernels().relu(out.size(), out.data);
}

/// Dropout of hidden layer j of expert e for the slots from `begin` on.
void drop_units(Context& context, const ExpertsCache& cache, const ExpertFactors& factors, Index e, std::size_t j,
                Index begin, MatrixView hidden) {
  if (!cache.dropout) return;
  const HiddenDropout& dropout = *cache.dropout;
  const auto layers = static_cast<Index>(cache.hidden[0].size());
  std::array<Index, 64> numbers;
  for (Index first = 0; first < hidden.rows; first += 64) {
    const Index last = std::min<Index>(hidden.rows, first + 64);
    for (Index i = first; i < last; ++i) {
      const Index position = factors.position[static_cast<std::size_t>(begin + i)];
      numbers[static_cast<std::size_t>(i - first)] =
          (position * dropout.experts + dropout.first + e) * layers + static_cast<Index>(j);
    }
    const std::span<const Index> rows(numbers.data(), static_cast<std::size_t>(last - first));
    apply_dropout(context, {dropout.stream, dropout.step, dropout.rate, rows}, hidden.row_range(first, last));
  }
}

/// The gradient of hidden units before dropout and ReLU from that after them. Dropped units are 0 like those that the
/// ReLU cut off.
void hidden_backward(const std::optional<HiddenDropout>& dropout, const float* activation, MatrixView d) {
  kernels().relu_backward(d.size(), activation, d.data);
  if (dropout) kernels().scale(d.size(), static_cast<float>(1.0 / (1.0 - dropout->rate)), d.data, d.data);
}

/// Where the matrices of an expert are packed: with the expert, or in the memory of the thread.
std::vector<PackedMatrix>& packed_of(const Context& context, Index expert, ExpertsCache& cache) {
  return cache.packed[static_cast<std::size_t>(cache.packing == WeightPacking::once ? expert : context.worker())];
}

/// The input of matrix j for rows [begin, end): kept, or computed into the worker's memory from the routed rows.
ConstMatrixView input_of(Context& context, const ExpertParameters& expert, const ExpertFactors& factors, Index e,
                         std::size_t j, Index begin, Index end, std::vector<PackedMatrix>& packed,
                         ExpertsCache& cache) {
  if (j == 0 || !factors.input[j].empty()) return factors.input[j].view().row_range(begin, end);
  const auto worker = static_cast<std::size_t>(context.worker());
  ConstMatrixView x = factors.input[0].view().row_range(begin, end);
  for (std::size_t i = 0; i < j; ++i) {
    Matrix& hidden = cache.hidden[worker][i];
    hidden.reshape(end - begin, expert.rows(i));
    through_matrix(context, expert, i, x, packed[i], cache.packing, hidden);
    drop_units(context, cache, factors, e, i, begin, hidden);
    x = hidden;
  }
  return x;
}

}  // namespace

std::vector<TensorSpec> expert_tensors(const MoeConfig& config, Index width) {
  std::vector<TensorSpec> tensors;
  Index inputs = width;
  const auto add = [&](Index outputs) {
    tensors.push_back({.name = "weight_" + std::to_string(tensors.size()),
                       .rows = outputs,
                       .columns = inputs,
                       .initial = InitialValue::uniform,
                       .group = ParameterGroup::experts,
                       .gradient = GradientForm::factors,
                       .type = config.weights});
    inputs = outputs;
  };
  for (const Index units : config.hidden) add(units);
  add(width);
  return tensors;
}

std::vector<TensorPointer> tensor_pointers(ExpertParameters& p) {
  std::vector<TensorPointer> pointers(p.weight.begin(), p.weight.end());
  pointers.insert(pointers.end(), p.bf16_weight.begin(), p.bf16_weight.end());
  return pointers;
}

void experts_forward(Context& context, std::span<const ExpertParameters> experts, const Dispatch& dispatch,
                     HiddenLayers hidden, ExpertsCache& cache) {
  ExpertFactors& factors = cache.factors;
  factors.offset = dispatch.offset;
  if (experts.empty()) return;  // a rank may have none
  const std::size_t matrices = experts[0].matrices();
  prepare_workers(context, matrices, cache);
  factors.input.resize(matrices);
  for (std::size_t j = 1; j < matrices; ++j)
    factors.input[j].reshape(hidden == HiddenLayers::kept ? dispatch.slots() : 0, experts[0].cols(j));
  cache.output.reshape(dispatch.slots(), experts[0].rows(matrices - 1));
  if (cache.packing == WeightPacking::once) pack_once(context, experts, cache);
  const std::vector<Task> tasks = plan_tasks(factors.offset);
  context.parallel_for(static_cast<Index>(tasks.size()), [&](Index i) {
    const Task& task = tasks[static_cast<std::size_t>(i)];
    const ExpertParameters& expert = experts[static_cast<std::size_t>(task.expert)];
    std::vector<PackedMatrix>& packed = packed_of(context, task.expert, cache);
    if (hidden == HiddenLayers::kept)
      for (std::size_t j = 0; j + 1 < matrices; ++j) {
        const MatrixView units = factors.input[j + 1].view().row_range(task.begin, task.end);
        through_matrix(context, expert, j, factors.input[j].view().row_range(task.begin, task.end), packed[j],
                       cache.packing, units);
        drop_units(context, cache, factors, task.expert, j, task.begin, units);
      }
    const ConstMatrixView last =
        input_of(context, expert, factors, task.expert, matrices - 1, task.begin, task.end, packed, cache);
    through_matrix(context, expert, matrices - 1, last, packed[matrices - 1], cache.packing,
                   cache.output.view().row_range(task.begin, task.end));
  });
}

void experts_backward(Context& context, std::span<const ExpertParameters> experts, HiddenLayers hidden,
                      ExpertsCache& cache) {
  if (experts.empty()) return;
  const std::size_t matrices = experts[0].matrices();
  ExpertFactors& factors = cache.factors;
  ensure(factors.gradient.size() == matrices, "the gradient of the output is given");
  const Index slots = factors.gradient.back().rows();
  for (std::size_t j = 0; j + 1 < matrices; ++j) factors.gradient[j].reshape(slots, experts[0].rows(j));
  cache.dinput.reshape(slots, experts[0].cols(0));
  const std::vector<Task> tasks = plan_tasks(factors.offset);
  context.parallel_for(static_cast<Index>(tasks.size()), [&](Index i) {
    const Task& task = tasks[static_cast<std::size_t>(i)];
    const ExpertParameters& expert = experts[static_cast<std::size_t>(task.expert)];
    const auto worker = static_cast<std::size_t>(context.worker());
    // Fills the worker's hidden layers, all of them.
    if (hidden == HiddenLayers::recomputed)
      input_of(context, expert, factors, task.expert, matrices - 1, task.begin, task.end, cache.packed[worker], cache);
    for (std::size_t j = matrices; j-- > 0;) {
      PackedMatrix& packed = cache.packed[worker][j];
      pack(context, expert, j, Transpose::no, packed);
      Matrix& result = j > 0 ? factors.gradient[j - 1] : cache.dinput;
      const MatrixView rows = result.view().row_range(task.begin, task.end);
      multiply(context, factors.gradient[j].view().row_range(task.begin, task.end), packed, 0.0f, rows);
      if (j == 0) continue;
      const float* activation =
          hidden == HiddenLayers::kept ? factors.input[j].row(task.begin) : cache.hidden[worker][j - 1].data();
      hidden_backward(cache.dropout, activation, rows);
    }
  });
}

void form_expert_gradient(Context& context, const ExpertParameters& expert, std::span<const ExpertFactors* const> parts,
                          Index e, Index j, ExpertsCache& cache, MatrixView out) {
  const auto matrix = static_cast<std::size_t>(j);
  float beta = 0;
  for (const ExpertFactors* factors : parts) {
    const Index end = factors->offset[static_cast<std::size_t>(e) + 1];
    for (Index begin = factors->offset[static_cast<std::size_t>(e)]; begin < end; begin += kRowsOfGradient) {
      const Index stop = std::min(end, begin + kRowsOfGradient);
      multiply_transposed(
          context, factors->gradient[matrix].view().row_range(begin, stop),
          input_of(context, expert, *factors, e, matrix, begin, stop, packed_of(context, e, cache), cache), beta, out,
          context.products());
      beta = 1;
    }
  }
  if (beta == 0)
    for (Index row = 0; row < out.rows; ++row) std::fill_n(out.row(row), out.cols, 0.0f);
}

}  // namespace moelm
