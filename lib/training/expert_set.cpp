#include "training/expert_set.hpp"

#include <atomic>
#include <cmath>
#include <mutex>
#include <utility>

#include "base/finite.hpp"
#include "ops/kernels.hpp"
#include "optim/update.hpp"

namespace moelm {

namespace {

bool finite_rows(const Matrix& m, Index begin, Index end) {
  return m.empty() || is_finite(kernels().sum_of_squares((end - begin) * m.cols(), m.row(begin)));
}

double norm_of(ConstMatrixView gradient) { return std::sqrt(kernels().sum_of_squares(gradient.size(), gradient.data)); }

}  // namespace

std::vector<NamedTensor> moment_tensors(const std::string& name, Moments& moments, bool vector) {
  std::vector<NamedTensor> tensors;
  if (!moments.m.empty()) tensors.push_back({name + ".m", &moments.m, vector});
  if (!moments.v.empty()) tensors.push_back({name + ".v", &moments.v, vector});
  if (!moments.rows.empty()) tensors.push_back({name + ".rows", &moments.rows, true});
  if (!moments.columns.empty()) tensors.push_back({name + ".columns", &moments.columns, true});
  return tensors;
}

ExpertSet::ExpertSet(std::string name, OwnExperts experts, const ExpertGroupConfig& optimizer,
                     const RandomStream& rounding)
    : name_(std::move(name)),
      own_(std::move(experts)),
      optimizer_(optimizer),
      rounding_(rounding),
      last_step_(static_cast<std::size_t>(own_.all), 0),
      decay_(optimizer.weight_decay > 0 ? last_step_.size() : 0, 1.0) {
  for (const ExpertParameters& expert : own_.experts) {
    auto& of_expert = moments_.emplace_back();
    for (std::size_t j = 0; j < expert.matrices(); ++j)
      of_expert.push_back(make_moments(optimizer.kind, expert.rows(j), expert.cols(j), false));
  }
}

std::vector<NamedTensor> ExpertSet::moment_tensors() {
  std::vector<NamedTensor> tensors;
  if (moments_.empty()) return tensors;
  for (Index e = 0; e < own_.all; ++e) {
    const bool here = e >= own_.first && e < own_.first + static_cast<Index>(moments_.size());
    // All experts have the same shapes.
    std::vector<Moments>& matrices = moments_[static_cast<std::size_t>(here ? e - own_.first : 0)];
    for (std::size_t j = 0; j < matrices.size(); ++j)
      for (NamedTensor& tensor : moelm::moment_tensors(name_ + "." + std::to_string(e) + ".weight_" + std::to_string(j),
                                                       matrices[j], false)) {
        if (own_.owner_of) tensor.owner = own_.owner_of(e);
        if (!here) {
          tensor.absent = tensor.shape();
          tensor.values = nullptr;
        }
        tensors.push_back(std::move(tensor));
      }
  }
  return tensors;
}

void ExpertSet::begin_step() { parts_.clear(); }

void ExpertSet::take(std::size_t part, ExpertFactors& factors) {
  if (taken_.size() <= part) taken_.push_back(std::make_unique<ExpertFactors>());
  std::swap(*taken_[part], factors);
  parts_.push_back(taken_[part].get());
}

std::string ExpertSet::bad_gradient(Context& context) const {
  std::mutex mutex;
  const std::pair<Index, std::size_t> none = {static_cast<Index>(own_.experts.size()), 0};
  std::pair<Index, std::size_t> first = none;  // whichever thread is the first to find one
  context.parallel_for(static_cast<Index>(own_.experts.size()), [&](Index e) {
    for (const ExpertFactors* factors : parts_) {
      const Index begin = factors->offset[static_cast<std::size_t>(e)], end = begin + factors->rows_of(e);
      for (std::size_t j = 0; j < factors->gradient.size(); ++j) {
        if (finite_rows(factors->input[j], begin, end) && finite_rows(factors->gradient[j], begin, end)) continue;
        const std::lock_guard<std::mutex> lock(mutex);
        first = std::min(first, {e, j});
      }
    }
  });
  if (first == none) return {};
  return name_ + "." + std::to_string(own_.first + first.first) + ".weight_" + std::to_string(first.second);
}

Index ExpertSet::rows_of(Index expert) const {
  Index rows = 0;
  for (const ExpertFactors* factors : parts_) rows += factors->rows_of(expert);
  return rows;
}

bool ExpertSet::update(Context& context, Index step, double lr, const std::vector<Index>& tokens, ExpertsCache& cache) {
  const double decay = decay_of_step({optimizer_, step, lr});
  for (double& of_expert : decay_) of_expert *= decay;
  std::atomic<bool> finite = true;
  // One expert a task: its gradient exists only here, between being formed and being consumed.
  context.parallel_for(static_cast<Index>(own_.experts.size()), [&](Index e) {
    if (rows_of(e) > 0 && !update_expert(context, e, step, lr, cache)) finite = false;
  });
  // Every rank knows the step of the last update of every expert, because checkpoints have those of all experts.
  for (Index e = 0; e < own_.all; ++e) {
    const bool here = e >= own_.first && e < own_.first + static_cast<Index>(own_.experts.size());
    if (!here && tokens[static_cast<std::size_t>(e)] > 0) note_update(e, step);
  }
  return finite;
}

void ExpertSet::note_update(Index e, Index step) {
  last_step_[static_cast<std::size_t>(e)] = step;
  if (!decay_.empty()) decay_[static_cast<std::size_t>(e)] = 1;
}

std::uint32_t ExpertSet::rounding_key(Index step, Index expert, std::size_t matrix) const {
  return rounding_.bits(step, expert, static_cast<Index>(matrix))[0];
}

bool ExpertSet::update_expert(Context& context, Index e, Index step, double lr, ExpertsCache& cache) {
  const auto place = static_cast<std::size_t>(e);
  const Index number = own_.first + e;
  const auto expert = static_cast<std::size_t>(number);
  bool finite = true;
  // From the last matrix to the first: hidden layers may have to be computed again from those before.
  ExpertParameters& weights = own_.experts[place];
  for (std::size_t j = weights.matrices(); j-- > 0;) {
    const Index rows = weights.rows(j), cols = weights.cols(j);
    const MatrixView gradient{context.scratch(ScratchSlot::gradient, rows * cols).data(), rows, cols, cols};
    form_expert_gradient(context, weights, parts_, e, static_cast<Index>(j), cache, gradient);
    const double scale = optimizer_.clip > 0 ? clip_scale(norm_of(gradient), optimizer_.clip) : 1;
    const OptimizerStep now{optimizer_, step, lr, scale, decay_.empty() ? 1 : decay_[expert]};
    const WeightRows kept = weights.weight.empty() ? WeightRows(weights.bf16_weight[j], rounding_key(step, number, j))
                                                   : WeightRows(MatrixView(weights.weight[j]));
    finite &= update_matrix(context, now, gradient, last_step_[expert], moments_[place][j], kept);
  }
  note_update(number, step);
  return finite;
}

}  // namespace moelm
