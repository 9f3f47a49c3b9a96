// Looks for NaN and infinity in what a step computed, before training goes on.
#pragma once

#include <string>
#include <vector>

#include "base/context.hpp"
#include "model/language_model.hpp"

namespace moelm {

/// Name of the first loss that is not finite, or empty.
std::string first_bad_loss(const Losses& losses);

/// Of all numbers of a gradient, on all threads: the same for any number of them.
double sum_of_squares(Context& context, const Matrix& gradient);

/// Whether the sum of `terms` gradients is finite for certain, if each has at most this sum of squares. False for NaN.
bool sum_stays_finite(double squares, Index terms);

/// "NAME, element N" of the first number that is not finite in the first tensor that has one, or empty. Reads all of
/// them once, on all threads.
std::string first_bad_number(Context& context, const std::vector<NamedTensor>& tensors);

/// The same for a carried state.
std::string first_bad_number(Context& context, ModelState& state);

}  // namespace moelm
