#include "nn/lstm.hpp"

#include <algorithm>
#include <numeric>

#include "base/check.hpp"
#include "config/exact.hpp"
#include "ops/dropout.hpp"
#include "ops/kernels.hpp"
#include "ops/rows.hpp"

namespace moelm {

namespace {

/// Streams of one task. Each task reads the recurrent weights once, so tasks are as large as the threads allow. Rows
/// are independent of each other in blocks of 16: results do not depend on the number of threads.
Index streams_of_a_task(const Context& context, Index streams) {
  constexpr Index kBlock = 16, kMax = 64;
  const Index blocks = (streams + kBlock - 1) / kBlock, threads = context.threads();
  return std::min(kMax, (blocks + threads - 1) / threads * kBlock);
}

void copy_rows(ConstMatrixView from, MatrixView to) {
  for (Index i = 0; i < from.rows; ++i) std::copy_n(from.row(i), from.cols, to.row(i));
}

/// h_{t-1} of every row, for the gradient of the recurrent weights.
void gather_previous_h(const Sequence& sequence, LstmCache& cache) {
  const Index width = cache.output.cols();
  cache.previous_h.reshape(sequence.rows(), width);
  for (Index t = 0; t < sequence.steps(); ++t) {
    const float* from = t == 0 ? cache.initial.h.data() : cache.output.row(sequence.offset(t - 1));
    std::copy_n(from, sequence.active(t) * width, cache.previous_h.row(sequence.offset(t)));
  }
}

/// Puts the mask on cache.masked_hh: the weights, or the gradient of the masked weights.
void mask_weights(Context& context, LstmCache& cache) {
  cache.mask_rows.resize(static_cast<std::size_t>(cache.masked_hh.rows()));
  std::iota(cache.mask_rows.begin(), cache.mask_rows.end(), Index{0});
  const WeightDrop& drop = *cache.weight_drop;
  apply_dropout(context, {drop.stream, drop.step, drop.rate, cache.mask_rows}, cache.masked_hh);
}

/// The recurrent weights of a pass, masked or as they are.
ConstMatrixView recurrent_weights(Context& context, const LstmParameters& p, LstmCache& cache) {
  if (!cache.weight_drop) return p.weight_hh;
  ensure(cache.packing == WeightPacking::every_pass, "masked weights are packed in every pass");
  cache.masked_hh.copy_from(p.weight_hh);
  mask_weights(context, cache);
  return cache.masked_hh;
}

/// Adds the gradient of W_hh, through its mask where there is one.
void add_recurrent_gradient(Context& context, const LstmFactors& rows, LstmCache& cache, Matrix& gradient) {
  if (!cache.weight_drop)
    return multiply_transposed(context, rows.dsums, rows.previous_h, 1.0f, gradient, context.products());
  multiply_transposed(context, rows.dsums, rows.previous_h, 0.0f, cache.masked_hh, context.products());
  mask_weights(context, cache);
  add(context, cache.masked_hh, gradient);
}

}  // namespace

LayerTensors lstm_tensors(const LstmConfig& config, Index inputs) {
  const Index gates = (Exact(4) * config.cells).value(), outputs = config.output_width();
  const auto matrix = [](const char* name, Index rows, Index columns) {
    return TensorSpec{.name = name, .rows = rows, .columns = columns, .initial = InitialValue::uniform};
  };
  return {
      {.tensors = {matrix("weight_ih", gates, inputs),
                   matrix("weight_hh", gates, outputs),
                   {.name = "bias", .rows = 1, .columns = gates, .initial = InitialValue::forget_bias, .vector = true},
                   matrix("weight_hr", config.projection > 0 ? outputs : 0, config.cells)}}};
}

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
  if (cache.packing == WeightPacking::every_pass || cache.w_ih.empty()) {
    cache.w_ih.pack(context, p.weight_ih, Transpose::yes, context.products());
    cache.w_hh.pack(context, recurrent_weights(context, p, cache), Transpose::yes, context.products());
    if (p.projected()) cache.w_hr.pack(context, p.weight_hr, Transpose::yes, context.products());
  }
  Matrix& hidden = p.projected() ? cache.hidden : cache.output;

  multiply(context, x, cache.w_ih, 0.0f, cache.gates);
  for (Index t = 0; t < sequence.steps(); ++t) {
    const Index first = sequence.offset(t);
    const ConstMatrixView h =
        t == 0 ? cache.initial.h.view() : cache.output.view().row_range(sequence.offset(t - 1), first);
    const ConstMatrixView c = t == 0 ? cache.initial.c.view() : cache.c.view().row_range(sequence.offset(t - 1), first);
    const Index grain = streams_of_a_task(context, sequence.active(t));
    context.parallel_ranges(sequence.active(t), grain, [&](Index begin, Index end) {
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

void lstm_backward_rows(Context& context, const LstmParameters& p, const Sequence& sequence, ConstMatrixView dy,
                        LstmCache& cache, LstmState& dstate, MatrixView dx) {
  const Index rows = sequence.rows(), cells = p.cells(), width = p.output_width();
  ensure(dy.rows == rows && dy.cols == width && dx.rows == rows, "gradients have the shapes of their values");
  // Backward multiplies by the weights themselves where forward multiplied by their transposes.
  const ConstMatrixView w_hh = cache.weight_drop ? cache.masked_hh.view() : p.weight_hh.view();
  cache.w_hh.pack(context, w_hh, Transpose::no, context.products());
  if (p.projected()) cache.w_hr.pack(context, p.weight_hr, Transpose::no, context.products());
  cache.dh_total.reshape(rows, width);
  cache.dhidden.reshape(sequence.streams(), cells);

  for (Index t = sequence.steps() - 1; t >= 0; --t) {
    const Index first = sequence.offset(t);
    const ConstMatrixView c_previous =
        t == 0 ? cache.initial.c.view() : cache.c.view().row_range(sequence.offset(t - 1), first);
    const Index grain = streams_of_a_task(context, sequence.active(t));
    context.parallel_ranges(sequence.active(t), grain, [&](Index begin, Index end) {
      const MatrixView total = cache.dh_total.view().row_range(first + begin, first + end);
      for (Index b = begin; b < end; ++b) {
        std::copy_n(dy.row(first + b), width, cache.dh_total.row(first + b));
        kernels().axpy(width, 1.0f, dstate.h.row(b), cache.dh_total.row(first + b));
      }
      if (p.projected()) multiply(context, total, cache.w_hr, 0.0f, cache.dhidden.view().row_range(begin, end));
      for (Index b = begin; b < end; ++b) {
        const float* dhidden = p.projected() ? cache.dhidden.row(b) : cache.dh_total.row(first + b);
        kernels().lstm_cell_backward(cells, cache.gates.row(first + b), c_previous.row(b), cache.tanh_c.row(first + b),
                                     dhidden, dstate.c.row(b), cache.gates.row(first + b));
      }
      multiply(context, cache.gates.view().row_range(first + begin, first + end), cache.w_hh, 0.0f,
               dstate.h.view().row_range(begin, end));
    });
  }

  gather_previous_h(sequence, cache);
  cache.w_ih.pack(context, p.weight_ih, Transpose::no, context.products());
  multiply(context, cache.gates, cache.w_ih, 0.0f, dx);
}

void lstm_gradients(Context& context, const LstmFactors& rows, LstmCache& cache, LstmParameters& gradients) {
  multiply_transposed(context, rows.dsums, rows.x, 1.0f, gradients.weight_ih, context.products(),
                      gradients.bias.values());
  add_recurrent_gradient(context, rows, cache, gradients.weight_hh);
  if (gradients.projected())
    multiply_transposed(context, rows.dh_total, rows.hidden, 1.0f, gradients.weight_hr, context.products());
}

void lstm_backward(Context& context, const LstmParameters& p, const Sequence& sequence, ConstMatrixView x,
                   ConstMatrixView dy, LstmCache& cache, LstmState& dstate, LstmParameters& gradients, MatrixView dx) {
  lstm_backward_rows(context, p, sequence, dy, cache, dstate, dx);
  lstm_gradients(context, {cache.gates, x, cache.previous_h, cache.dh_total, cache.hidden}, cache, gradients);
}

}  // namespace moelm
