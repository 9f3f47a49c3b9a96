// The LSTM layer, optionally with a projected output (Sak et al. 2014), over a packed sequence.
//   i, f, g, o = W_ih x_t + W_hh h_{t-1} + b;  c_t = sigmoid(f) c_{t-1} + sigmoid(i) tanh(g);
//   h_t = sigmoid(o) tanh(c_t), then h_t = W_hr h_t where there is a projection.
#pragma once

#include <optional>
#include <vector>

#include "base/context.hpp"
#include "base/random.hpp"
#include "config/model_config.hpp"
#include "config/tensor_spec.hpp"
#include "nn/sequence.hpp"
#include "ops/gemm.hpp"
#include "tensor/matrix.hpp"
#include "tensor/tensor_pointer.hpp"

namespace moelm {

/// Gate order i, f, g, o. H cells, input width D, output width R (the projection's width, or H without one).
struct LstmParameters {
  Matrix weight_ih;  ///< [4H, D]
  Matrix weight_hh;  ///< [4H, R]
  Matrix bias;       ///< [1, 4H]
  Matrix weight_hr;  ///< [R, H], empty without projection

  Index cells() const { return weight_hh.rows() / 4; }
  Index output_width() const { return weight_hh.cols(); }
  bool projected() const { return !weight_hr.empty(); }
};

/// The tensors of the layer, and their places in the parameters in the same order.
LayerTensors lstm_tensors(const LstmConfig& config, Index inputs);
inline std::vector<TensorPointer> tensor_pointers(LstmParameters& p) {
  return {p.weight_ih, p.weight_hh, p.bias, p.weight_hr};
}

/// What the layer remembers of each stream between windows.
struct LstmState {
  Matrix h;  ///< [B, R]
  Matrix c;  ///< [B, H]

  void reset(Index streams, const LstmParameters& parameters);
};

/// Which recurrent weights a training step leaves out (DropConnect: Wan et al. 2013, Merity et al. 2017): an element of
/// W_hh becomes 0 with probability `rate`, else it is divided by 1 - rate. The mask is the same for all rows.
struct WeightDrop {
  RandomStream stream;
  Index step;
  double rate;  ///< 0 < rate < 1
};

/// What backward needs, and the memory of a pass. For one pass at a time, whose threads share it.
struct LstmCache {
  Matrix gates;   ///< [N, 4H]: sums, then activated gates, in backward the gradients of the sums
  Matrix c;       ///< [N, H]
  Matrix tanh_c;  ///< [N, H]
  Matrix hidden;  ///< [N, H], output before the projection
  Matrix output;  ///< [N, R]
  LstmState initial;
  LstmState dfinal;               ///< for callers: the gradient of the last state
  Matrix previous_h;              ///< [N, R], h_{t-1} of every row
  Matrix dh_total;                ///< [N, R], gradients of the outputs, of later steps too
  Matrix dhidden;                 ///< [B, H]
  PackedMatrix w_ih, w_hh, w_hr;  ///< weights, transposed in forward
  WeightPacking packing = WeightPacking::every_pass;
  std::optional<WeightDrop> weight_drop;  ///< for callers; REQUIRES packing in every pass
  Matrix masked_hh;                       ///< [4H, R], W_hh with its mask; in backward also the gradient
  std::vector<Index> mask_rows;           ///< 0 ... 4H - 1
};

/// Reads x [N, D] and the state, leaves the output in cache.output [N, R] and the last state of every stream in
/// `state`.
void lstm_forward(Context& context, const LstmParameters& parameters, const Sequence& sequence, ConstMatrixView x,
                  LstmState& state, LstmCache& cache);

/// Backward of the pass that filled the cache: lstm_backward_rows, then lstm_gradients of all rows. Adds to
/// `gradients`, overwrites dx [N, D]. `dstate` holds the gradient of the final state (zero in truncated
/// back-propagation) and receives that of the initial state.
void lstm_backward(Context& context, const LstmParameters& parameters, const Sequence& sequence, ConstMatrixView x,
                   ConstMatrixView dy, LstmCache& cache, LstmState& dstate, LstmParameters& gradients, MatrixView dx);

/// Everything but the gradients of the weights. Leaves in the cache what these are formed from.
void lstm_backward_rows(Context& context, const LstmParameters& parameters, const Sequence& sequence,
                        ConstMatrixView dy, LstmCache& cache, LstmState& dstate, MatrixView dx);

/// What the gradients of the weights are sums over: some or all rows of a pass.
struct LstmFactors {
  ConstMatrixView dsums;       ///< [n, 4H], cache.gates after lstm_backward_rows
  ConstMatrixView x;           ///< [n, D]
  ConstMatrixView previous_h;  ///< [n, R]
  ConstMatrixView dh_total;    ///< [n, R], with a projection
  ConstMatrixView hidden;      ///< [n, H], with a projection
};

/// Adds the gradients over these rows. REQUIRES lstm_backward_rows before. Of the cache it reads weight_drop and
/// overwrites masked_hh.
void lstm_gradients(Context& context, const LstmFactors& rows, LstmCache& cache, LstmParameters& gradients);

}  // namespace moelm
