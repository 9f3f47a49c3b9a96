#include "bench/plain_update.hpp"

#include <algorithm>
#include <cmath>

namespace moelm {

double update_bytes(OptimizerKind kind) { return kind == OptimizerKind::adam ? 24 : 8; }

double gradient_reads(OptimizerKind kind) {
  switch (kind) {
    case OptimizerKind::adam:
      return 1;
    case OptimizerKind::factored:
      return 2;  // squares, then the update
    case OptimizerKind::adafactor:
      return 3;  // and the size of the update in between
  }
  return 0;
}

Doubles first_update(const GroupConfig& config, double lr, const Doubles& g, Index rows, Index cols) {
  Doubles step(g.size());
  const double rate = lr * config.lr_scale;
  if (config.kind == OptimizerKind::adam) {
    for (std::size_t i = 0; i < g.size(); ++i) step[i] = rate * g[i] / (std::abs(g[i]) + config.epsilon);
    return step;
  }
  Doubles by_row(rows), by_column(cols);
  double all = 0;
  for (std::size_t i = 0; i < g.size(); ++i) {
    const double square = g[i] * g[i];
    by_row[i / by_column.size()] += square / static_cast<double>(cols);
    by_column[i % by_column.size()] += square / static_cast<double>(rows);
    all += square / static_cast<double>(rows * cols);
  }
  const bool adafactor = config.kind == OptimizerKind::adafactor;
  double squares = 0;
  for (std::size_t i = 0; i < g.size(); ++i) {
    const double root = std::sqrt(by_row[i / by_column.size()] / all * by_column[i % by_column.size()]);
    step[i] = rate * g[i] / (root + (adafactor ? 0 : config.epsilon));
    squares += step[i] * step[i];
  }
  if (adafactor && rate > 0) {
    const double rms = std::sqrt(squares / static_cast<double>(g.size())) / rate;
    for (double& s : step) s /= std::max(1.0, rms);
  }
  return step;
}

}  // namespace moelm
