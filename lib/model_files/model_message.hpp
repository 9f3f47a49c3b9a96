// The message by which the leader (rank 0) describes the shared model to its followers (all other ranks).
#pragma once

#include "config/train_config.hpp"
#include "dist/orders.hpp"

namespace moelm {

/// A model, and how a rank computes with it.
struct SharedModel {
  RunConfig config;  ///< a program that only scores uses `config.model` alone
  Index vocabulary = 0;
  DataType products = DataType::f32;
  int threads = 0;  ///< for every rank; 0: not given, so each rank chooses its own number
};

/// For the leader: sends the model with `order`. Does nothing if there is one rank.
void announce_model(Communicator& ranks, Order order, const SharedModel& model);

/// For followers: reads the model from the content of Order::train or Order::score.
SharedModel read_model(const Bytes& content);

}  // namespace moelm
