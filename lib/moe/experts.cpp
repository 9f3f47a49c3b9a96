#include "moe/experts.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "ops/kernels.hpp"

namespace moelm {

namespace {

constexpr Index kRowsOfATask = 256;

/// Some rows of one expert: the unit of work.
struct Task {
  Index expert, begin, end;
};

/// All rows of all experts in tasks, the longest first so that threads end together.
std::vector<Task> plan_tasks(const Dispatch& dispatch) {
  std::vector<Task> tasks;
  for (Index e = 0; e + 1 < static_cast<Index>(dispatch.offset.size()); ++e) {
    const Index end = dispatch.offset[static_cast<std::size_t>(e) + 1];
    for (Index begin = dispatch.offset[static_cast<std::size_t>(e)]; begin < end; begin += kRowsOfATask)
      tasks.push_back({e, begin, std::min(end, begin + kRowsOfATask)});
  }
  std::stable_sort(tasks.begin(), tasks.end(),
                   [](const Task& a, const Task& b) { return a.end - a.begin > b.end - b.begin; });
  return tasks;
}

void prepare_packed(const Context& context, std::size_t matrices, ExpertsCache& cache) {
  cache.packed.resize(static_cast<std::size_t>(context.threads()));
  for (auto& of_thread : cache.packed) of_thread.resize(matrices);
}

}  // namespace

void experts_forward(Context& context, const std::vector<ExpertParameters>& experts, const Dispatch& dispatch,
                     ExpertsCache& cache) {
  const std::size_t matrices = experts[0].weight.size();
  prepare_packed(context, matrices, cache);
  cache.input.resize(matrices);
  for (std::size_t j = 1; j < matrices; ++j) cache.input[j].reshape(dispatch.slots(), experts[0].weight[j].cols());
  cache.output.reshape(dispatch.slots(), experts[0].weight.back().rows());
  const std::vector<Task> tasks = plan_tasks(dispatch);
  context.parallel_for(static_cast<Index>(tasks.size()), [&](Index i) {
    const Task& task = tasks[static_cast<std::size_t>(i)];
    const ExpertParameters& expert = experts[static_cast<std::size_t>(task.expert)];
    auto& packed = cache.packed[static_cast<std::size_t>(context.worker())];
    for (std::size_t j = 0; j < matrices; ++j) {
      packed[j].pack(expert.weight[j], Transpose::yes);
      Matrix& result = j + 1 < matrices ? cache.input[j + 1] : cache.output;
      const MatrixView rows = result.view().row_range(task.begin, task.end);
      multiply(context, cache.input[j].view().row_range(task.begin, task.end), packed[j], 0.0f, rows);
      if (j + 1 < matrices) kernels().relu(rows.size(), rows.data);
    }
  });
}

void experts_backward(Context& context, const std::vector<ExpertParameters>& experts, const Dispatch& dispatch,
                      ExpertsCache& cache) {
  const std::size_t matrices = experts[0].weight.size();
  ensure(cache.gradient.size() == matrices, "the gradient of the output is given");
  for (std::size_t j = 0; j + 1 < matrices; ++j)
    cache.gradient[j].reshape(dispatch.slots(), experts[0].weight[j].rows());
  cache.dinput.reshape(dispatch.slots(), experts[0].weight[0].cols());
  const std::vector<Task> tasks = plan_tasks(dispatch);
  context.parallel_for(static_cast<Index>(tasks.size()), [&](Index i) {
    const Task& task = tasks[static_cast<std::size_t>(i)];
    const ExpertParameters& expert = experts[static_cast<std::size_t>(task.expert)];
    auto& packed = cache.packed[static_cast<std::size_t>(context.worker())];
    for (std::size_t j = matrices; j-- > 0;) {
      packed[j].pack(expert.weight[j], Transpose::no);
      Matrix& result = j > 0 ? cache.gradient[j - 1] : cache.dinput;
      const MatrixView rows = result.view().row_range(task.begin, task.end);
      multiply(context, cache.gradient[j].view().row_range(task.begin, task.end), packed[j], 0.0f, rows);
      if (j > 0) kernels().relu_backward(rows.size(), cache.input[j].row(task.begin), rows.data);
    }
  });
}

void form_expert_gradient(Context& context, const Dispatch& dispatch, const ExpertsCache& cache, Index expert, Index j,
                          MatrixView out) {
  const Index begin = dispatch.offset[static_cast<std::size_t>(expert)];
  const Index end = dispatch.offset[static_cast<std::size_t>(expert) + 1];
  const auto matrix = static_cast<std::size_t>(j);
  multiply_transposed(context, cache.gradient[matrix].view().row_range(begin, end),
                      cache.input[matrix].view().row_range(begin, end), 0.0f, out);
}

}  // namespace moelm
