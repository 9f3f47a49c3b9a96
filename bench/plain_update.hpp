// The first update of a matrix by each kind of optimizer, in plain loops.
#pragma once

#include "bench/plain.hpp"
#include "config/optimizer_config.hpp"

namespace moelm {

/// What the first step takes away from weights whose gradient [rows, cols] is `g`, all moments being zero before:
/// adam: lr g / (|g| + epsilon); the factored kinds with V = mean of g^2 by row times that by column over that of all.
Doubles first_update(const GroupConfig& config, double lr, const Doubles& g, Index rows, Index cols);

/// The bytes that a step moves for each number, gradient excepted: weights and moments, read and written.
double update_bytes(OptimizerKind kind);

/// How often a step reads the gradient.
double gradient_reads(OptimizerKind kind);

}  // namespace moelm
