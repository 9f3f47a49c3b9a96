// A rank that is not the leader: it has no files, no clock and no terminal, and does what the leader orders.
#pragma once

#include <functional>

#include "base/context.hpp"
#include "model_files/tensor_transport.hpp"

namespace moelm {

/// Serves the experts of a model until the leader ends it; returns the leader's exit code. `held` are its tensors here,
/// and `step` follows Order::step where a model is trained.
int serve_model(Context& context, const ModelConfig& config, const ModelParameters& parameters, const HeldTensors& held,
                Communicator& ranks, const std::function<void(const Bytes& order)>& step = nullptr);

/// For the others, in a program that scores: makes this rank's part of the model and serves it. Returns the leader's
/// exit code. `own_threads` unless the leader's user gave a number for all.
int follow_scoring(Communicator& ranks, int own_threads);

}  // namespace moelm
