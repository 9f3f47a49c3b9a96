#include "optim/factored.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <vector>

#include "base/check.hpp"
#include "ops/kernels.hpp"

namespace moelm {

namespace {

constexpr Index kMaxTasks = 64;
constexpr double kAdafactorFloor = 1e-30, kAdafactorPower = -0.8, kAdafactorMostRms = 1.0;

double adafactor_beta2(Index step) { return 1 - std::pow(static_cast<double>(step), kAdafactorPower); }

/// The second moments of one step: what they keep, what is added to every square, and how they divide a gradient.
struct Estimate {
  double beta2, floor, correction, epsilon;

  explicit Estimate(const OptimizerStep& now)
      : beta2(now.config.beta2),
        floor(0),
        correction(1 / (1 - std::pow(beta2, static_cast<double>(now.step)))),
        epsilon(now.config.epsilon) {
    if (now.config.kind != OptimizerKind::adafactor) return;
    beta2 = adafactor_beta2(now.step);
    floor = kAdafactorFloor;
    correction = 1;
    epsilon = 0;
  }

  /// An average of squares after this step; `kept` is what was left of it before this step.
  float next(float average, double kept, double mean_square) const {
    const double before = kept * static_cast<double>(average) + (1 - kept) * floor;
    const double after = beta2 * before + (1 - beta2) * (mean_square + floor);
    return static_cast<float>(std::min(after, static_cast<double>(std::numeric_limits<float>::max())));
  }
};

/// The fraction of a moment that remains after steps without an update.
class MissedSteps {
 public:
  /// For moments last updated in step `oldest` or later, and for moments never updated; if `oldest` is 0, only for the
  /// latter.
  MissedSteps(const OptimizerStep& now, Index oldest) : now_(now) {
    if (now.config.kind != OptimizerKind::adafactor) return;
    kept_.push_back(1);
    for (Index step = now.step - 1; oldest > 0 && step > oldest; --step)
      kept_.push_back(kept_.back() * adafactor_beta2(step));
  }

  double kept_since(Index last_step) const {
    if (last_step == 0) return 0;
    const Index missed = now_.step - 1 - last_step;
    return kept_.empty() ? std::pow(now_.config.beta2, static_cast<double>(missed))
                         : kept_[static_cast<std::size_t>(missed)];
  }

 private:
  const OptimizerStep& now_;
  std::vector<double> kept_;  ///< by the number of steps missed
};

/// What a step changes: all rows of a matrix, or few of a table's.
struct Target {
  ConstMatrixView gradient;
  WeightRows weights;
  const std::int32_t* index;  ///< row of the weights for each row of the gradient, or null: the same
  float* rows;                ///< averages over rows, or null
  float* columns;             ///< averages over columns, or null

  Index row(Index i) const { return index == nullptr ? i : static_cast<Index>(index[i]); }
};

/// One update, in passes over the gradient. It is cut into tasks by its shape, and their sums are added in order.
class FactoredUpdate {
 public:
  FactoredUpdate(Context& context, const OptimizerStep& now, const Target& target)
      : context_(context),
        now_(now),
        target_(target),
        estimate_(now),
        count_(target.gradient.rows),
        width_(target.gradient.cols),
        grain_(std::max((kElementsPerTask + width_ - 1) / width_, (count_ + kMaxTasks - 1) / kMaxTasks)),
        tasks_((count_ + grain_ - 1) / grain_),
        sums_(reinterpret_cast<double*>(context.scratch(ScratchSlot::moments, (2 * tasks_ + 1) * width_).data())),
        roots_(reinterpret_cast<float*>(sums_ + tasks_ * width_)) {
    std::fill_n(roots_, width_, 1.0f);
  }

  /// kept(row) is what is left of a row's average before this step, kept_columns of the columns' averages.
  /// Returns whether every weight that it wrote is finite.
  template <class Kept>
  bool run(const Kept& kept, double kept_columns) {
    add_squares(kept);
    if (target_.columns != nullptr) finish_columns(kept_columns);
    double rate = now_.lr * now_.config.lr_scale * now_.grad_scale;
    if (now_.config.kind == OptimizerKind::adafactor) rate /= std::max(1.0, rms() / kAdafactorMostRms);
    std::atomic<bool> finite = true;
    for_rows([&](Index i, Index) {
      const bool sound = target_.weights.update_row(context_, target_.row(i), [&](float* row) {
        decay_weights(width_, now_.decay, row);
        return kernels().factored(width_, static_cast<float>(rate), root(i), static_cast<float>(estimate_.epsilon),
                                  roots_, target_.gradient.row(i), row);
      });
      if (!sound) finite = false;
    });
    return finite;
  }

 private:
  /// visit(row of the gradient, number of the task).
  template <class Visit>
  void for_rows(const Visit& visit) {
    context_.parallel_ranges(count_, grain_, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) visit(i, begin / grain_);
    });
  }

  template <class Kept>
  void add_squares(const Kept& kept) {
    std::fill_n(sums_, tasks_ * width_, 0.0);
    const double scale = now_.grad_scale * now_.grad_scale / static_cast<double>(width_);
    for_rows([&](Index i, Index task) {
      const double sum = kernels().add_squares(width_, target_.gradient.row(i), sums_ + task * width_);
      if (target_.rows == nullptr) return;
      float& average = target_.rows[target_.row(i)];
      average = estimate_.next(average, kept(target_.row(i)), sum * scale);
    });
  }

  void finish_columns(double kept) {
    const double scale = now_.grad_scale * now_.grad_scale / static_cast<double>(target_.weights.rows());
    double total = 0;
    for (Index j = 0; j < width_; ++j) {
      double sum = 0;
      for (Index task = 0; task < tasks_; ++task) sum += sums_[task * width_ + j];
      float& average = target_.columns[j];
      average = estimate_.next(average, kept, sum * scale);
      roots_[j] = std::sqrt(average);
      total += static_cast<double>(average);
    }
    mean_ = total / static_cast<double>(width_);
  }

  /// The row factor of sqrt(V); roots_ holds the column factors. Each factor stays within the range of single
  /// precision, even if V does not.
  float root(Index i) const {
    if (target_.rows == nullptr) return static_cast<float>(std::sqrt(estimate_.correction));
    if (!(mean_ > 0)) return 0;
    return static_cast<float>(
        std::sqrt(static_cast<double>(target_.rows[target_.row(i)]) / mean_ * estimate_.correction));
  }

  /// Of g / sqrt(V) over the whole tensor; rows without a gradient count as zeros.
  double rms() {
    std::vector<double> sums(static_cast<std::size_t>(tasks_), 0.0);
    for_rows([&](Index i, Index task) {
      sums[static_cast<std::size_t>(task)] +=
          kernels().factored_squares(width_, root(i), roots_, target_.gradient.row(i));
    });
    double total = 0;
    for (const double sum : sums) total += sum;
    return now_.grad_scale * std::sqrt(total / static_cast<double>(target_.weights.size()));
  }

  Context& context_;
  const OptimizerStep& now_;
  const Target& target_;
  Estimate estimate_;
  Index count_, width_, grain_, tasks_;
  double* sums_;     ///< [tasks, width] squares by column
  float* roots_;     ///< of the columns' averages, or ones
  double mean_ = 1;  ///< of the columns' averages, or 1
};

}  // namespace

bool factored_update(Context& context, const OptimizerStep& now, ConstMatrixView gradient, Index last_step,
                     Moments& moments, const WeightRows& weights) {
  ensure(gradient.dense() && weights.dense() && gradient.size() == weights.size(),
         "a gradient has the shape of its weights");
  const bool vector = moments.rows.empty();
  ensure(vector ? moments.v.size() == weights.size()
                : moments.rows.size() == weights.rows() && moments.columns.size() == weights.cols(),
         "averages have the shape of their weights");
  if (weights.size() == 0) return true;
  Target target{gradient, weights, nullptr, moments.rows.data(), moments.columns.data()};
  if (vector)
    target = {{gradient.data, 1, weights.size(), weights.size()}, weights.flat(), nullptr, nullptr, moments.v.data()};
  const double kept = MissedSteps(now, last_step).kept_since(last_step);
  return FactoredUpdate(context, now, target).run([kept](Index) { return kept; }, kept);
}

bool factored_update_rows(Context& context, const OptimizerStep& now, std::span<const std::int32_t> index,
                          ConstMatrixView rows, Moments& moments, const RowHistory& history, MatrixView table) {
  ensure(rows.rows == static_cast<Index>(index.size()) && rows.cols == table.cols, "one gradient a row");
  const bool vector = moments.rows.empty();
  ensure(table.dense() && static_cast<Index>(history.last_step.size()) == table.rows, "one last step a row");
  ensure(vector ? table.cols == 1 && moments.v.size() == table.rows
                : moments.rows.size() == table.rows && moments.columns.size() == table.cols,
         "averages have the shape of their table");
  if (rows.rows == 0 || rows.cols == 0) return true;
  Index oldest = now.step - 1;
  for (const std::int32_t row : index)
    if (const Index last = history.last_step[static_cast<std::size_t>(row)]; last > 0) oldest = std::min(oldest, last);
  for (const std::int32_t row : index) decay_row(history, row, table);
  const MissedSteps missed(now, oldest);
  const Target target{rows, table, index.data(), vector ? moments.v.data() : moments.rows.data(),
                      vector ? nullptr : moments.columns.data()};
  const bool finite =
      FactoredUpdate(context, now, target)
          .run([&](Index row) { return missed.kept_since(history.last_step[static_cast<std::size_t>(row)]); },
               now.step > 1 ? 1.0 : 0.0);
  for (const std::int32_t row : index) history.last_step[static_cast<std::size_t>(row)] = now.step;
  return finite;
}

}  // namespace moelm
