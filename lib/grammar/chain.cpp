#include "grammar/chain.hpp"

#include <cmath>
#include <numeric>

#include "base/check.hpp"

namespace moelm {

Chain::Chain(Index words, std::vector<std::uint16_t> weights) : words_(words), weights_(std::move(weights)) {
  ensure(words >= 1 && static_cast<Index>(weights_.size()) == (words + 1) * (words + 1), "a chain needs all weights");
  ensure(weights_[0] == 0, "the end of a line must not follow itself");
  for (Index from = 0; from <= words; ++from) {
    std::uint32_t sum = 0;
    for (Index to = 0; to <= words; ++to) sum += weight(from, to);
    ensure(sum == kScale, "the weights of a state must sum to the scale");
  }
}

Index Chain::successor(Index from, std::uint32_t bits) const {
  std::uint32_t left = bits % kScale;
  Index to = 0;
  while (left >= weight(from, to)) left -= weight(from, to++);
  return to;
}

std::vector<double> Chain::stationary() const {
  const auto states = static_cast<std::size_t>(words_ + 1);
  std::vector<double> now(states, 1.0 / static_cast<double>(states)), next(states);
  // Averaging with the previous state makes the iteration converge for periodic chains too.
  for (int round = 0; round < 10000; ++round) {
    for (std::size_t to = 0; to < states; ++to) next[to] = now[to];
    for (std::size_t from = 0; from < states; ++from)
      for (std::size_t to = 0; to < states; ++to)
        next[to] += now[from] * probability(static_cast<Index>(from), static_cast<Index>(to));
    double change = 0;
    for (std::size_t s = 0; s < states; ++s) {
      change += std::abs(next[s] / 2 - now[s]);
      now[s] = next[s] / 2;
    }
    if (change < 1e-15) break;
  }
  const double sum = std::accumulate(now.begin(), now.end(), 0.0);
  for (double& share : now) share /= sum;
  return now;
}

double Chain::entropy_rate() const {
  const std::vector<double> share = stationary();
  double rate = 0;
  for (Index from = 0; from <= words_; ++from)
    for (Index to = 0; to <= words_; ++to)
      if (const double p = probability(from, to); p > 0) rate -= share[from] * p * std::log(p);
  return rate;
}

namespace {

/// Different words, drawn from the random numbers of one state until there are enough.
std::vector<Index> choose_words(const ChainShape& shape, const RandomStream& stream, Index number, Index from) {
  std::vector<Index> chosen;
  for (Index block = 0; static_cast<Index>(chosen.size()) < shape.successors; ++block) {
    const Index word =
        1 + static_cast<Index>(stream.bits(number, from, block)[0] % static_cast<std::uint32_t>(shape.words));
    bool seen = false;
    for (const Index other : chosen) seen = seen || other == word;
    if (!seen) chosen.push_back(word);
  }
  return chosen;
}

}  // namespace

Chain random_chain(const ChainShape& shape, const RandomStream& stream, Index number) {
  ensure(shape.successors >= 1 && shape.successors < shape.words && shape.successors <= 16, "successors out of range");
  ensure(shape.line_length >= 2 && shape.line_length <= 1000, "line length out of range");
  const Index states = shape.words + 1;
  std::vector<std::uint16_t> weights(states * states, 0);
  for (Index from = 0; from < states; ++from) {
    std::uint16_t* row = weights.data() + from * states;
    std::uint32_t left = Chain::kScale;
    if (from > 0) {
      row[0] = static_cast<std::uint16_t>(left / static_cast<std::uint32_t>(shape.line_length));
      left -= row[0];
    }
    // Each word takes about a third of the remaining weight, the last all of it: a few likely words, several rare ones.
    const std::vector<Index> chosen = choose_words(shape, stream, number, from);
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      const bool last = i + 1 == chosen.size();
      const std::uint32_t part = last ? left : left / 3;
      row[chosen[i]] = static_cast<std::uint16_t>(part);
      left -= part;
    }
  }
  return Chain(shape.words, std::move(weights));
}

}  // namespace moelm
