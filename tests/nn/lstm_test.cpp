// The LSTM against golden values and gradients, and packed sequences against streams that run alone.
#include "nn/lstm.hpp"

#include <algorithm>

#include "support/catch.hpp"
#include "support/close.hpp"
#include "support/golden.hpp"
#include "support/random_matrix.hpp"

using namespace moelm;

namespace {

LstmParameters random_lstm(Index cells, Index projection, Index inputs) {
  const Index width = projection > 0 ? projection : cells;
  LstmParameters p;
  p.weight_ih = random_matrix(4 * cells, inputs, 1, 0.5f);
  p.weight_hh = random_matrix(4 * cells, width, 2, 0.5f);
  p.bias = random_matrix(1, 4 * cells, 3);
  if (projection > 0) p.weight_hr = random_matrix(projection, cells, 4, 0.5f);
  return p;
}

LstmParameters zeros_like(const LstmParameters& p) {
  LstmParameters z;
  z.weight_ih = Matrix(p.weight_ih.rows(), p.weight_ih.cols());
  z.weight_hh = Matrix(p.weight_hh.rows(), p.weight_hh.cols());
  z.bias = Matrix(p.bias.rows(), p.bias.cols());
  z.weight_hr = Matrix(p.weight_hr.rows(), p.weight_hr.cols());
  return z;
}

LstmState random_state(Index streams, const LstmParameters& p, std::uint64_t seed) {
  return {random_matrix(streams, p.output_width(), seed), random_matrix(streams, p.cells(), seed + 1)};
}

/// Everything that a forward and backward pass produces.
struct Outcome {
  Matrix y, dx;
  LstmState last, dfirst;
  LstmParameters gradients;
};

Outcome run(Context& context, const LstmParameters& p, const Sequence& sequence, ConstMatrixView x, ConstMatrixView dy,
            const LstmState& first, const LstmState& dlast) {
  Outcome out;
  LstmCache cache;
  out.last = {first.h.clone(), first.c.clone()};
  lstm_forward(context, p, sequence, x, out.last, cache);
  out.y = cache.output.clone();
  out.dfirst = {dlast.h.clone(), dlast.c.clone()};
  out.gradients = zeros_like(p);
  out.dx = random_matrix(x.rows, x.cols, 99);  // overwritten
  lstm_backward(context, p, sequence, x, dy, cache, out.dfirst, out.gradients, out.dx);
  return out;
}

void require_golden_lstm(const std::string& name) {
  const Json g = golden(name);
  LstmParameters p;
  p.weight_ih = golden_matrix(g.at("w_ih"));
  p.weight_hh = golden_matrix(g.at("w_hh"));
  p.bias = golden_matrix(g.at("bias"));
  if (g.contains("w_hr")) p.weight_hr = golden_matrix(g.at("w_hr"));
  const Matrix x = golden_matrix(g.at("x")), dy = golden_matrix(g.at("upstream_y"));
  const Sequence sequence(g.at("x").at("shape")[1].get<Index>(), g.at("x").at("shape")[0].get<Index>());
  Context context(2);
  const Outcome out = run(context, p, sequence, x, dy, {golden_matrix(g.at("h0")), golden_matrix(g.at("c0"))},
                          {golden_matrix(g.at("upstream_h")), golden_matrix(g.at("upstream_c"))});
  const Json& dg = g.at("grad");
  const auto require_close = [](const char* tensor, const Matrix& actual, const Json& expected) {
    REQUIRE(mismatch(tensor, actual.values(), golden_values(expected)) == "");
  };
  require_close("y", out.y, g.at("y"));
  require_close("hT", out.last.h, g.at("hT"));
  require_close("cT", out.last.c, g.at("cT"));
  require_close("dx", out.dx, dg.at("x"));
  require_close("dh0", out.dfirst.h, dg.at("h0"));
  require_close("dc0", out.dfirst.c, dg.at("c0"));
  require_close("dw_ih", out.gradients.weight_ih, dg.at("w_ih"));
  require_close("dw_hh", out.gradients.weight_hh, dg.at("w_hh"));
  require_close("dbias", out.gradients.bias, dg.at("bias"));
  if (g.contains("w_hr")) require_close("dw_hr", out.gradients.weight_hr, dg.at("w_hr"));
}

/// Rows of one stream of a packed sequence.
Matrix rows_of_stream(const Sequence& sequence, Index stream, ConstMatrixView packed) {
  Index length = 0;
  while (length < sequence.steps() && sequence.active(length) > stream) ++length;
  Matrix rows(length, packed.cols);
  for (Index t = 0; t < length; ++t) std::copy_n(packed.row(sequence.offset(t) + stream), packed.cols, rows.row(t));
  return rows;
}

Matrix row_of(const Matrix& m, Index i) {
  Matrix row(1, m.cols());
  std::copy_n(m.row(i), m.cols(), row.data());
  return row;
}

void add_to(Matrix& sum, const Matrix& x) {
  for (std::size_t i = 0; i < sum.values().size(); ++i) sum.values()[i] += x.values()[i];
}

void require_packed_equals_single_streams(Index projection) {
  Context context(2);
  const LstmParameters p = random_lstm(7, projection, 5);
  // More streams than one task holds; streams end after 1, 2, 4 and 6 steps.
  const Sequence sequence({37, 36, 20, 20, 3, 3});
  const Matrix x = random_matrix(sequence.rows(), 5, 11), dy = random_matrix(sequence.rows(), p.output_width(), 12);
  const LstmState first = random_state(37, p, 13), dlast = random_state(37, p, 15);
  const Outcome all = run(context, p, sequence, x, dy, first, dlast);
  LstmParameters sum = zeros_like(p);
  for (Index b = 0; b < sequence.streams(); ++b) {
    const Matrix xb = rows_of_stream(sequence, b, x), dyb = rows_of_stream(sequence, b, dy);
    const Outcome one = run(context, p, Sequence(1, xb.rows()), xb, dyb, {row_of(first.h, b), row_of(first.c, b)},
                            {row_of(dlast.h, b), row_of(dlast.c, b)});
    CAPTURE(b);
    REQUIRE(mismatch("y", rows_of_stream(sequence, b, all.y).values(), one.y.values(), 1e-6) == "");
    REQUIRE(mismatch("dx", rows_of_stream(sequence, b, all.dx).values(), one.dx.values(), 1e-6) == "");
    REQUIRE(mismatch("hT", row_of(all.last.h, b).values(), one.last.h.values(), 1e-6) == "");
    REQUIRE(mismatch("cT", row_of(all.last.c, b).values(), one.last.c.values(), 1e-6) == "");
    REQUIRE(mismatch("dh0", row_of(all.dfirst.h, b).values(), one.dfirst.h.values(), 1e-6) == "");
    REQUIRE(mismatch("dc0", row_of(all.dfirst.c, b).values(), one.dfirst.c.values(), 1e-6) == "");
    add_to(sum.weight_ih, one.gradients.weight_ih);
    add_to(sum.weight_hh, one.gradients.weight_hh);
    add_to(sum.bias, one.gradients.bias);
    add_to(sum.weight_hr, one.gradients.weight_hr);
  }
  REQUIRE(mismatch("dw_ih", all.gradients.weight_ih.values(), sum.weight_ih.values()) == "");
  REQUIRE(mismatch("dw_hh", all.gradients.weight_hh.values(), sum.weight_hh.values()) == "");
  REQUIRE(mismatch("dbias", all.gradients.bias.values(), sum.bias.values()) == "");
  REQUIRE(mismatch("dw_hr", all.gradients.weight_hr.values(), sum.weight_hr.values()) == "");
}

}  // namespace

TEST_CASE("golden: LSTM, values and all gradients") { require_golden_lstm("lstm"); }

TEST_CASE("golden: LSTM with projection, values and all gradients") { require_golden_lstm("lstm_projected"); }

TEST_CASE("the number of threads changes no bit, though it decides how many streams a task takes", "[threads]") {
  const LstmParameters p = random_lstm(24, 12, 5);
  const Sequence sequence({70, 69, 40, 17});
  const Matrix x = random_matrix(sequence.rows(), 5, 11), dy = random_matrix(sequence.rows(), p.output_width(), 12);
  const LstmState first = random_state(70, p, 13), dlast = random_state(70, p, 15);
  Context alone(1);
  const Outcome expected = run(alone, p, sequence, x, dy, first, dlast);
  for (const int threads : {2, 3, 5}) {
    CAPTURE(threads);
    Context context(threads);
    const Outcome out = run(context, p, sequence, x, dy, first, dlast);
    const auto require_same = [](const Matrix& a, const Matrix& b) {
      REQUIRE(std::ranges::equal(a.values(), b.values()));
    };
    require_same(out.y, expected.y);
    require_same(out.dx, expected.dx);
    require_same(out.last.h, expected.last.h);
    require_same(out.last.c, expected.last.c);
    require_same(out.dfirst.h, expected.dfirst.h);
    require_same(out.dfirst.c, expected.dfirst.c);
    require_same(out.gradients.weight_ih, expected.gradients.weight_ih);
    require_same(out.gradients.weight_hh, expected.gradients.weight_hh);
    require_same(out.gradients.bias, expected.gradients.bias);
    require_same(out.gradients.weight_hr, expected.gradients.weight_hr);
  }
}

TEST_CASE("streams of unequal length packed together equal each stream alone") {
  require_packed_equals_single_streams(0);
  require_packed_equals_single_streams(4);
}

TEST_CASE("gradients of the parameters accumulate") {
  Context context(1);
  const LstmParameters p = random_lstm(3, 2, 4);
  const Sequence sequence(2, 3);
  const Matrix x = random_matrix(6, 4, 1), dy = random_matrix(6, 2, 2);
  const LstmState first = random_state(2, p, 3);
  const Outcome once = run(context, p, sequence, x, dy, first, first);
  LstmParameters gradients = zeros_like(p);
  for (int pass = 0; pass < 2; ++pass) {
    LstmCache cache;
    LstmState state{first.h.clone(), first.c.clone()}, dstate{first.h.clone(), first.c.clone()};
    Matrix dx(6, 4);
    lstm_forward(context, p, sequence, x, state, cache);
    lstm_backward(context, p, sequence, x, dy, cache, dstate, gradients, dx);
  }
  for (const auto matrix :
       {&LstmParameters::weight_ih, &LstmParameters::weight_hh, &LstmParameters::bias, &LstmParameters::weight_hr}) {
    Matrix doubled = (once.gradients.*matrix).clone();
    add_to(doubled, once.gradients.*matrix);
    REQUIRE(mismatch("gradient", (gradients.*matrix).values(), doubled.values(), 1e-6) == "");
  }
}
