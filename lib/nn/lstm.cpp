#include "nn/lstm.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "ops/kernels.hpp"

namespace moelm {

namespace {

constexpr Index kStreamsOfATask = 16;

void copy_rows(ConstMatrixView from, MatrixView to) {
  for (Index i = 0; i < from.rows; ++i) std::copy_n(from.row(i), from.cols, to.row(i));
}

}  // namespace

void LstmState::reset(Index streams, const LstmParameters& parameters) {
  h.reshape(streams, parameters.output_width());
  c.reshape(streams, parameters.cells());
  h.zero();
  c.zero();
}

void lstm_forward(Context& context, const LstmParameters& p, const Sequence& sequence, ConstMatrixView x,
                  LstmState& state, LstmCache& cache) {
  const Index rows = sequence.rows(), cells = p.cells(), width = p.output_width();
  ensure(x.rows == rows && state.h.rows() >= sequence.streams(), "one row a position, one state a stream");
  cache.gates.reshape(rows, 4 * cells);
  cache.c.reshape(rows, cells);
  cache.tanh_c.reshape(rows, cells);
  cache.output.reshape(rows, width);
  if (p.projected()) cache.hidden.reshape(rows, cells);
  cache.initial.h.copy_from(state.h);
  cache.initial.c.copy_from(state.c);
  if (cache.weights == PackedWeights::renewed || cache.w_ih.empty()) {
    cache.w_ih.pack(context, p.weight_ih, Transpose::yes, context.products());
    cache.w_hh.pack(context, p.weight_hh, Transpose::yes, context.products());
    if (p.projected()) cache.w_hr.pack(context, p.weight_hr, Transpose::yes, context.products());
  }
  Matrix& hidden = p.projected() ? cache.hidden : cache.output;

  multiply(context, x, cache.w_ih, 0.0f, cache.gates);
  for (Index t = 0; t < sequence.steps(); ++t) {
    const Index first = sequence.offset(t);
    const ConstMatrixView h =
        t == 0 ? cache.initial.h.view() : cache.output.view().row_range(sequence.offset(t - 1), first);
    const ConstMatrixView c = t == 0 ? cache.initial.c.view() : cache.c.view().row_range(sequence.offset(t - 1), first);
    context.parallel_ranges(sequence.active(t), kStreamsOfATask, [&](Index begin, Index end) {
      multiply(context, h.row_range(begin, end), cache.w_hh, 1.0f,
               cache.gates.view().row_range(first + begin, first + end));
      for (Index b = begin; b < end; ++b)
        kernels().lstm_cell_forward(cells, p.bias.data(), cache.gates.row(first + b), c.row(b), cache.c.row(first + b),
                                    cache.tanh_c.row(first + b), hidden.row(first + b));
      if (p.projected())
        multiply(context, hidden.view().row_range(first + begin, first + end), cache.w_hr, 0.0f,
                 cache.output.view().row_range(first + begin, first + end));
    });
    const Index last = first + sequence.active(t);
    copy_rows(cache.output.view().row_range(first, last), state.h);
    copy_rows(cache.c.view().row_range(first, last), state.c);
  }
}

}  // namespace moelm
