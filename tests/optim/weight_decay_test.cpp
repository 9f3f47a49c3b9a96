// Decoupled weight decay against PyTorch's AdamW, and of what is skipped against steps with zero gradients.
#include "optim/weight_decay.hpp"

#include <cmath>

#include "optim/update.hpp"
#include "support/catch.hpp"
#include "support/close.hpp"
#include "support/random_matrix.hpp"

using namespace moelm;

namespace {

Matrix matrix_of(Index rows, Index columns, const std::vector<float>& values) {
  Matrix m(rows, columns);
  std::copy(values.begin(), values.end(), m.data());
  return m;
}

GroupConfig decaying(OptimizerKind kind) {
  GroupConfig config;
  config.kind = kind;
  config.beta1 = 0;
  config.weight_decay = 0.4;
  return config;
}

}  // namespace

TEST_CASE("golden: three steps of torch.optim.AdamW (2.13), by each of the three ways to update") {
  GroupConfig config{0.9, 0.98, 1e-8, 0.5};
  config.weight_decay = 0.4;
  const std::vector<float> gradients[] = {{0.3f, -0.2f, 0.05f, 1.0f, -0.4f, 0.0f},
                                          {-0.1f, 0.6f, 0.25f, 0.2f, 0.4f, -0.5f},
                                          {0.7f, 0.1f, -0.3f, 0.0f, -0.9f, 0.8f}};
  const std::vector<double> expected = {0.367642969, -1.17646801, 1.79514313, -0.824766159, 0.16538398, 1.43630648};
  Matrix whole = matrix_of(2, 3, {0.5f, -1.25f, 2.0f, -0.75f, 0.1f, 1.5f}), table = whole.clone(),
         matrix = whole.clone();
  Moments of_whole = make_moments(config.kind, 2, 3, false), of_table = make_moments(config.kind, 2, 3, false),
          of_matrix = make_moments(config.kind, 2, 3, false);
  std::vector<std::int64_t> last_step(2, 0);
  std::vector<double> decay(2, 1.0);
  const std::vector<std::int32_t> index = {0, 1};
  Context context(1);
  Index t = 0;
  for (const std::vector<float>& values : gradients) {
    OptimizerStep now{config, ++t, 0.1};
    const Matrix gradient = matrix_of(2, 3, values);
    for (double& factor : decay) factor *= decay_of_step(now);
    REQUIRE(update_rows(context, now, index, gradient, of_table, {last_step, decay}, table));
    now.decay = decay_of_step(now);
    REQUIRE(update_tensor(context, now, gradient, of_whole, whole));
    REQUIRE(update_matrix(context, now, gradient, t - 1, of_matrix, matrix));
  }
  REQUIRE(mismatch("tensor", whole.values(), expected, 1e-6) == "");
  REQUIRE(mismatch("rows", table.values(), expected, 1e-6) == "");
  REQUIRE(mismatch("matrix", matrix.values(), expected, 1e-6) == "");
}

TEST_CASE("a row skipped for s steps is multiplied by the factors of all of them when its turn comes") {
  Context context(1);
  for (const OptimizerKind kind : {OptimizerKind::adam, OptimizerKind::factored, OptimizerKind::adafactor}) {
    CAPTURE(enum_name(kind));
    const GroupConfig config = decaying(kind);
    // The gradients are zero, so that decay is all that happens.
    Matrix table = random_matrix(3, 7, 1);
    const Matrix start = table.clone();
    Moments moments = make_moments(kind, 3, 7, false);
    std::vector<std::int64_t> last_step(3, 0);
    std::vector<double> decay(3, 1.0);
    double product = 1;
    for (Index t = 1; t <= 20; ++t) {
      const OptimizerStep now{config, t, 0.1 / static_cast<double>(t)};
      const std::vector<std::int32_t> index = t == 20 ? std::vector<std::int32_t>{0, 2} : std::vector<std::int32_t>{0};
      const Matrix zeros(static_cast<Index>(index.size()), 7);
      for (double& factor : decay) factor *= decay_of_step(now);
      product *= 1 - 0.4 * 0.1 / static_cast<double>(t);
      REQUIRE(update_rows(context, now, index, zeros, moments, {last_step, decay}, table));
    }
    for (Index j = 0; j < 7; ++j) {
      REQUIRE(table(0, j) == Approx(product * static_cast<double>(start(0, j))).epsilon(1e-6));
      REQUIRE(table(1, j) == start(1, j));
      REQUIRE(table(2, j) == Approx(product * static_cast<double>(start(2, j))).epsilon(1e-6));
    }
    REQUIRE(decay[0] == 1);
    REQUIRE(decay[1] == Approx(product));
  }
}

TEST_CASE("with all rows the rows that never had a gradient decay too") {
  GroupConfig config = decaying(OptimizerKind::adam);
  config.rows = RowUpdates::all;
  Context context(1);
  Matrix table = random_matrix(3, 7, 1);
  const Matrix start = table.clone();
  Moments moments = make_moments(config.kind, 3, 7, false);
  std::vector<std::int64_t> last_step(3, 0);
  std::vector<double> decay(3, 1.0);
  for (Index t = 1; t <= 5; ++t) {
    for (double& factor : decay) factor *= decay_of_step({config, t, 0.1});
    REQUIRE(update_rows(context, {config, t, 0.1}, std::vector<std::int32_t>{1}, Matrix(1, 7), moments,
                        {last_step, decay}, table));
  }
  for (Index j = 0; j < table.size(); ++j)
    REQUIRE(table.data()[j] == Approx(std::pow(0.96, 5) * static_cast<double>(start.data()[j])).epsilon(1e-6));
  REQUIRE(last_step == std::vector<std::int64_t>{0, 5, 0});
}

TEST_CASE("weights in bfloat16 get decay and update in one rounding") {
  Context context(1);
  for (const OptimizerKind kind : {OptimizerKind::adam, OptimizerKind::factored}) {
    const GroupConfig config = decaying(kind);
    Matrix wide = random_matrix(5, 37, 1);
    Bf16Matrix by_row(5, 37), as_whole(5, 37);
    for (Bf16Matrix* w : {&by_row, &as_whole}) pack_kernels().round(wide.size(), wide.data(), w->data());
    Moments of_rows = make_moments(kind, 5, 37, false), of_whole = make_moments(kind, 5, 37, false);
    OptimizerStep now{config, 1, 0.1};
    now.decay = 0.5;
    const Matrix gradient = random_matrix(5, 37, 2);
    REQUIRE(update_matrix(context, now, gradient, 0, of_rows, WeightRows(by_row, 9)));
    pack_kernels().widen(wide.size(), as_whole.data(), wide.data());
    for (float& w : wide.values()) w *= 0.5f;
    now.decay = 1;
    REQUIRE(update_matrix(context, now, gradient, 0, of_whole, wide));
    REQUIRE(pack_kernels().round_stochastic(wide.size(), 9, wide.data(), as_whole.data()));
    REQUIRE(std::equal(by_row.data(), by_row.data() + by_row.size(), as_whole.data()));
  }
}
