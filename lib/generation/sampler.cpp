#include "generation/sampler.hpp"

#include <algorithm>
#include <cmath>

#include "base/check.hpp"
#include "base/finite.hpp"

namespace moelm {

namespace {

bool more_probable(const Choice& a, const Choice& b) {
  return a.log_p != b.log_p ? a.log_p > b.log_p : a.token < b.token;
}

double sum_of_weights(std::span<const Choice> choices) {
  double sum = 0;
  for (const Choice& choice : choices) sum += choice.weight;
  return sum;
}

}  // namespace

Sampler::Sampler(const Sampling& how, std::int32_t excluded) : how_(how), excluded_(excluded) {
  ensure(how.temperature >= 0 && how.top_k >= 0 && how.top_p > 0 && how.top_p <= 1, "a sampling that makes sense");
}

std::span<const Choice> Sampler::choices(std::span<const float> log_p) {
  choices_.clear();
  Choice best{-1, 0, 1};
  for (std::size_t i = 0; i < log_p.size(); ++i) {
    const Choice choice{static_cast<std::int32_t>(i), log_p[i], 0};
    if (choice.token == excluded_) continue;
    require(is_finite(static_cast<double>(choice.log_p)), Exit::diverged,
            "a token's probability: expected a number, found none; the model has diverged, take an earlier checkpoint");
    if (best.token < 0 || more_probable(choice, best)) best = {choice.token, choice.log_p, 1};
    choices_.push_back(choice);
  }
  ensure(best.token >= 0, "there is a token to draw");
  if (how_.temperature == 0) choices_.assign(1, best);
  // The most probable token has weight 1, so no temperature makes all weights vanish.
  for (Choice& choice : choices_)
    if (choice.token != best.token)
      choice.weight =
          std::exp((static_cast<double>(choice.log_p) - static_cast<double>(best.log_p)) / how_.temperature);
    else
      choice.weight = 1;
  if (how_.top_k > 0 && how_.top_k < static_cast<Index>(choices_.size())) keep_most_probable();
  if (how_.top_p < 1) keep_nucleus();
  return choices_;
}

void Sampler::keep_most_probable() {
  const auto end = choices_.begin() + how_.top_k;
  std::nth_element(choices_.begin(), end - 1, choices_.end(), more_probable);
  choices_.erase(end, choices_.end());
}

/// The nucleus is small as a rule, so the choices are put in order from the top until it is found.
void Sampler::keep_nucleus() {
  const double wanted = how_.top_p * sum_of_weights(choices_);
  double sum = 0;
  std::size_t sorted = 0;
  for (std::size_t end = 64;; end *= 8) {
    end = std::min(end, choices_.size());
    const auto at = [&](std::size_t i) { return choices_.begin() + static_cast<std::ptrdiff_t>(i); };
    std::partial_sort(at(sorted), at(end), choices_.end(), more_probable);
    for (; sorted < end; ++sorted) {
      sum += choices_[sorted].weight;
      if (sum < wanted && sorted + 1 < choices_.size()) continue;
      choices_.erase(at(sorted + 1), choices_.end());
      return;
    }
  }
}

std::int32_t Sampler::draw(std::span<const float> log_p, double uniform) {
  choices(log_p);
  const double wanted = uniform * sum_of_weights(choices_);
  double sum = 0;
  std::int32_t last = choices_.front().token;
  for (const Choice& choice : choices_) {
    if (choice.weight == 0) continue;
    last = choice.token;
    sum += choice.weight;
    if (sum > wanted) break;
  }
  return last;
}

}  // namespace moelm
