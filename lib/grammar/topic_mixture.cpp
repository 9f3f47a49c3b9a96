#include "grammar/topic_mixture.hpp"

#include <cmath>
#include <limits>

#include "base/check.hpp"

namespace moelm {

TopicMixture::TopicMixture(std::vector<Chain> topics) : topics_(std::move(topics)) {
  ensure(!topics_.empty(), "a mixture needs a topic");
  for (const Chain& chain : topics_) ensure(chain.words() == words(), "all topics share one vocabulary");
}

GrammarLine TopicMixture::line(const RandomStream& stream, Index number) const {
  GrammarLine line;
  line.topic = static_cast<Index>(stream.bits(0, number, 0)[0] % static_cast<std::uint32_t>(topics_.size()));
  const Chain& chain = topic(line.topic);
  Index state = 0;
  for (Index position = 1;; ++position) {
    state = chain.successor(state, stream.bits(0, number, position)[0]);
    if (state == 0) return line;
    line.words.push_back(state);
  }
}

std::vector<double> TopicMixture::posterior(std::span<const Index> prefix) const {
  std::vector<double> weight(topics_.size(), 1.0 / static_cast<double>(topics_.size()));
  Index from = 0;
  for (const Index to : prefix) {
    double sum = 0;
    for (std::size_t t = 0; t < weight.size(); ++t) sum += weight[t] *= topics_[t].probability(from, to);
    ensure(sum > 0, "a prefix must be possible");
    for (double& w : weight) w /= sum;
    from = to;
  }
  return weight;
}

std::vector<double> TopicMixture::next_probabilities(std::span<const Index> prefix) const {
  const std::vector<double> weight = posterior(prefix);
  const Index from = prefix.empty() ? 0 : prefix.back();
  std::vector<double> next(words() + 1, 0.0);
  for (std::size_t t = 0; t < weight.size(); ++t)
    for (Index to = 0; to <= words(); ++to) next[to] += weight[t] * topics_[t].probability(from, to);
  return next;
}

double TopicMixture::log_probability(std::span<const Index> words) const {
  // alpha[t] = P(topic t, words so far), kept as a normalised vector and the logarithm of its sum.
  std::vector<double> alpha(topics_.size(), 1.0 / static_cast<double>(topics_.size()));
  double log_sum = 0;
  Index from = 0;
  for (std::size_t i = 0; i <= words.size(); ++i) {
    const Index to = i < words.size() ? words[i] : 0;
    double sum = 0;
    for (std::size_t t = 0; t < alpha.size(); ++t) sum += alpha[t] *= topics_[t].probability(from, to);
    if (sum == 0) return -std::numeric_limits<double>::infinity();
    log_sum += std::log(sum);
    for (double& a : alpha) a /= sum;
    from = to;
  }
  return log_sum;
}

TopicMixture random_mixture(const ChainShape& shape, Index topics, std::uint64_t seed) {
  const RandomStream stream(seed, "grammar", 0);
  std::vector<Chain> chains;
  for (Index t = 0; t < topics; ++t) chains.push_back(random_chain(shape, stream, t));
  return TopicMixture(std::move(chains));
}

std::string grammar_word(Index state) {
  ensure(state >= 1 && state <= 4900, "a word's number out of range");
  static constexpr std::string_view kConsonants = "bdfgklmnprstvz", kVowels = "aeiou";
  std::string text;
  for (const Index syllable : {(state - 1) / 70, (state - 1) % 70}) {
    text += kConsonants[syllable / 5];
    text += kVowels[syllable % 5];
  }
  return text;
}

}  // namespace moelm
