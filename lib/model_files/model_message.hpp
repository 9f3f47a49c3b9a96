// What the leading rank tells the others about the model that all of them share.
#pragma once

#include "config/train_config.hpp"
#include "dist/orders.hpp"

namespace moelm {

/// A model, and how a rank computes with it.
struct SharedModel {
  RunConfig config;  ///< where a model is only scored, its `model` alone is meant
  Index vocabulary = 0;
  DataType products = DataType::f32;
  int threads = 0;  ///< of every rank, if the leader's user gave them; 0: each its own
};

/// For the leader. Does nothing where there are no others.
void announce_model(Communicator& ranks, Order order, const SharedModel& model);

/// For the others: the model of Order::train or Order::score.
SharedModel read_model(const Bytes& content);

}  // namespace moelm
