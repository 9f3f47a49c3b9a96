// A follower: a rank that carries out the leader's orders. It uses no files, no clock and no terminal.
#pragma once

#include <functional>

#include "base/context.hpp"
#include "model_files/tensor_transport.hpp"

namespace moelm {

/// Carries out orders until Order::end, and returns the leader's exit code. `held` are the model's tensors in this
/// rank. `train` carries out the orders of a training, Order::step and Order::states; programs that only score have
/// none.
int serve_model(Context& context, const ModelConfig& config, const ModelParameters& parameters, const HeldTensors& held,
                Communicator& ranks, const std::function<void(const GivenOrder& given)>& train = nullptr);

/// The whole follower of a program that scores: makes this rank's part of the model and serves it. Returns the leader's
/// exit code. Uses `own_threads` threads, unless --threads was given to the leader.
int follow_scoring(Communicator& ranks, int own_threads);

}  // namespace moelm
