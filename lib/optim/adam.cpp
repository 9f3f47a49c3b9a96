#include "optim/adam.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "base/check.hpp"
#include "ops/kernels.hpp"
#include "ops/rows.hpp"

namespace moelm {

namespace {

/// A decay rounded to single precision, as the kernels use it. The bias correction must use the same value: rounding
/// changes 0.9999999 very little, but 1 - 0.9999999 by a fifth.
double rounded(double beta) { return static_cast<double>(static_cast<float>(beta)); }

AdamStep step_numbers(const OptimizerStep& now) {
  const double t = static_cast<double>(now.step), beta1 = rounded(now.config.beta1), beta2 = rounded(now.config.beta2);
  return {static_cast<float>(beta1),
          static_cast<float>(beta2),
          static_cast<float>(now.config.epsilon),
          static_cast<float>(now.lr * now.config.lr_scale / (1 - std::pow(beta1, t))),
          static_cast<float>(1 / (1 - std::pow(beta2, t))),
          static_cast<float>(now.grad_scale)};
}

/// The decay that moments missed between their last update and the step before this one.
void decay_moments(const OptimizerStep& now, Index last_step, Index n, float* m, float* v) {
  const auto missed = static_cast<double>(now.step - 1 - last_step);
  if (missed <= 0 || last_step == 0) return;
  kernels().scale(n, static_cast<float>(std::pow(rounded(now.config.beta1), missed)), m, m);
  kernels().scale(n, static_cast<float>(std::pow(rounded(now.config.beta2), missed)), v, v);
}

/// The rows of a table with their moments. Different rows may be updated at the same time.
class TableRows {
 public:
  TableRows(const OptimizerStep& now, Moments& moments, const RowHistory& history, MatrixView table)
      : now_(now), step_(step_numbers(now)), moments_(moments), history_(history), table_(table) {}

  bool update(Index row, const float* gradient) {
    decay(row);
    float *m = first_of(row), *v = second_of(row);
    catch_up(row, m, v);
    return kernels().adam(table_.cols, step_, gradient, m, v, table_.row(row));
  }

  /// The same with a gradient of zero, which leaves a row that was never updated as it is.
  bool update(Index row) {
    decay(row);
    if (history_.last_step[static_cast<std::size_t>(row)] == 0) return true;
    float *m = first_of(row), *v = second_of(row);
    catch_up(row, m, v);
    return kernels().adam_without_gradient(table_.cols, step_, m, v, table_.row(row));
  }

 private:
  float* first_of(Index row) { return moments_.m.data() + row * table_.cols; }
  float* second_of(Index row) { return moments_.v.data() + row * table_.cols; }

  void decay(Index row) { decay_row(history_, row, table_); }

  void catch_up(Index row, float* m, float* v) {
    std::int64_t& last_step = history_.last_step[static_cast<std::size_t>(row)];
    decay_moments(now_, last_step, table_.cols, m, v);
    last_step = now_.step;
  }

  const OptimizerStep& now_;
  AdamStep step_;
  Moments& moments_;
  const RowHistory& history_;
  MatrixView table_;
};

void require_shapes(std::span<const std::int32_t> index, ConstMatrixView rows, const Moments& moments,
                    ConstMatrixView table) {
  ensure(rows.rows == static_cast<Index>(index.size()) && rows.cols == table.cols, "one gradient a row");
  ensure(table.dense() && moments.m.size() == table.size(), "one moment a number");
}

}  // namespace

bool adam_update(Context& context, const OptimizerStep& now, ConstMatrixView gradient, Moments& moments,
                 Matrix& weights) {
  ensure(gradient.dense() && gradient.size() == weights.size(), "a gradient has the shape of its weights");
  const AdamStep step = step_numbers(now);
  std::atomic<bool> finite = true;
  context.parallel_ranges(weights.size(), kElementsPerTask, [&](Index begin, Index end) {
    decay_weights(end - begin, now.decay, weights.data() + begin);
    if (!kernels().adam(end - begin, step, gradient.data + begin, moments.m.data() + begin, moments.v.data() + begin,
                        weights.data() + begin))
      finite = false;
  });
  return finite;
}

bool adam_update_rows(Context& context, const OptimizerStep& now, std::span<const std::int32_t> index,
                      ConstMatrixView rows, Moments& moments, const RowHistory& history, MatrixView table) {
  TableRows target(now, moments, history, table);
  require_shapes(index, rows, moments, table);
  std::atomic<bool> finite = true;
  context.parallel_ranges(rows.rows, kRowsPerTask, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i)
      if (!target.update(index[static_cast<std::size_t>(i)], rows.row(i))) finite = false;
  });
  return finite;
}

bool adam_update_all_rows(Context& context, const OptimizerStep& now, std::span<const std::int32_t> index,
                          ConstMatrixView rows, Moments& moments, const RowHistory& history, MatrixView table) {
  TableRows target(now, moments, history, table);
  require_shapes(index, rows, moments, table);
  std::atomic<bool> finite = true;
  const Index grain = std::max<Index>(kElementsPerTask / std::max<Index>(table.cols, 1), 1);
  context.parallel_ranges(table.rows, grain, [&](Index begin, Index end) {
    auto next = std::lower_bound(index.begin(), index.end(), static_cast<std::int32_t>(begin));
    for (Index row = begin; row < end; ++row) {
      const bool touched = next != index.end() && *next == row;
      if (!(touched ? target.update(row, rows.row(next - index.begin())) : target.update(row))) finite = false;
      if (touched) ++next;
    }
  });
  return finite;
}

bool adam_update_matrix(Context& context, const OptimizerStep& now, ConstMatrixView gradient, Index last_step,
                        Moments& moments, const WeightRows& weights) {
  ensure(gradient.dense() && weights.dense() && gradient.size() == weights.size(),
         "a gradient has the shape of its weights");
  decay_moments(now, last_step, weights.size(), moments.m.data(), moments.v.data());
  const AdamStep step = step_numbers(now);
  bool finite = true;
  for (Index i = 0; i < weights.rows(); ++i)
    finite &= weights.update_row(context, i, [&](float* row) {
      const Index first = i * weights.cols();
      decay_weights(weights.cols(), now.decay, row);
      return kernels().adam(weights.cols(), step, gradient.data + first, moments.m.data() + first,
                            moments.v.data() + first, row);
    });
  return finite;
}

}  // namespace moelm
