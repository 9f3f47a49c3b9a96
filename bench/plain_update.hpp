// The first update of a matrix by each kind of optimizer, in plain loops.
#pragma once

#include "bench/plain.hpp"
#include "config/optimizer_config.hpp"

namespace moelm {

/// What the first step subtracts from weights with gradient `g` [rows, cols] and zero moments. adam: lr g / (|g| +
/// epsilon). Factored: V = row mean of g^2 times column mean over the mean of all.
Doubles first_update(const GroupConfig& config, double lr, const Doubles& g, Index rows, Index cols);

/// Bytes that a step moves per number without the gradient: weights and moments, read and written.
double update_bytes(OptimizerKind kind);

/// How often a step reads the gradient.
double gradient_reads(OptimizerKind kind);

}  // namespace moelm
