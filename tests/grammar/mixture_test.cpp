// The artificial languages: probabilities sum to 1, equal brute force, and text follows them; a seed says it all.
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "grammar/topic_mixture.hpp"
#include "support/catch.hpp"

using namespace moelm;

namespace {

/// P(line) by summing over topics the product of transition probabilities, without any recursion over topics.
double brute_force(const TopicMixture& mixture, const std::vector<Index>& words) {
  double total = 0;
  for (Index t = 0; t < mixture.topics(); ++t) {
    double p = 1.0 / static_cast<double>(mixture.topics());
    Index from = 0;
    for (const Index to : words) p *= mixture.topic(t).probability(std::exchange(from, to), to);
    total += p * mixture.topic(t).probability(from, 0);
  }
  return total;
}

Chain two_words() {  // end -> a or b; a -> a, b, end; b -> a, end
  return Chain(2, {0, 1024, 3072, 1024, 2048, 1024, 2048, 2048, 0});
}

Chain two_other_words() { return Chain(2, {0, 2048, 2048, 512, 512, 3072, 4096, 0, 0}); }

}  // namespace

TEST_CASE("the probabilities of all continuations sum to 1") {
  const TopicMixture mixture = random_mixture({40, 6, 8}, 5, 1);
  const RandomStream stream(9, "test", 0);
  for (Index n = 0; n < 50; ++n) {
    const GrammarLine line = mixture.line(stream, n);
    for (std::size_t length = 0; length <= line.words.size(); ++length) {
      const auto next = mixture.next_probabilities({line.words.data(), length});
      REQUIRE(std::accumulate(next.begin(), next.end(), 0.0) == Approx(1).epsilon(1e-12));
    }
  }
}

TEST_CASE("the forward recursion equals brute force on every line of up to eight words") {
  const TopicMixture mixture({two_words(), two_other_words()});
  double all = 0;
  const std::function<void(std::vector<Index>&)> visit = [&](std::vector<Index>& words) {
    if (!words.empty()) {
      const double p = brute_force(mixture, words);
      all += p;
      if (p > 0)
        REQUIRE(mixture.log_probability(words) == Approx(std::log(p)).epsilon(1e-12));
      else
        REQUIRE(std::isinf(mixture.log_probability(words)));
    }
    if (words.size() == 8) return;
    for (const Index word : {1, 2}) {
      words.push_back(word);
      visit(words);
      words.pop_back();
    }
  };
  std::vector<Index> words;
  visit(words);
  REQUIRE(all > 0.97);  // the rest is in longer lines
  REQUIRE(all < 1);
}

TEST_CASE("the chain rule over next words gives the probability of the line") {
  const TopicMixture mixture = random_mixture({40, 6, 8}, 5, 2);
  const GrammarLine line = mixture.line(RandomStream(3, "test", 0), 4);
  double sum = 0;
  for (std::size_t i = 0; i <= line.words.size(); ++i) {
    const auto next = mixture.next_probabilities({line.words.data(), i});
    sum += std::log(next[static_cast<std::size_t>(i < line.words.size() ? line.words[i] : 0)]);
  }
  REQUIRE(mixture.log_probability(line.words) == Approx(sum).epsilon(1e-12));
}

TEST_CASE("the entropy rate of a small chain is the one computed by hand") {
  // Stationary shares of end, a, b solve e = a/4 + b/2, a = e/4 + a/2 + b/2, b = 3e/4 + a/4.
  const Chain chain = two_words();
  const auto share = chain.stationary();
  REQUIRE(share[0] == Approx(6.0 / 23).epsilon(1e-9));
  REQUIRE(share[1] == Approx(10.0 / 23).epsilon(1e-9));
  REQUIRE(share[2] == Approx(7.0 / 23).epsilon(1e-9));
  const auto h = [](std::initializer_list<double> ps) {
    double sum = 0;
    for (const double p : ps) sum -= p * std::log(p);
    return sum;
  };
  const double by_hand = (6 * h({0.25, 0.75}) + 10 * h({0.25, 0.5, 0.25}) + 7 * h({0.5, 0.5})) / 23;
  REQUIRE(chain.entropy_rate() == Approx(by_hand).epsilon(1e-9));
}

TEST_CASE("text of a Markov source costs its entropy rate, within sampling error") {
  const TopicMixture source = random_mixture({50, 5, 10}, 1, 7);
  const RandomStream stream(7, "test", 0);
  double nats = 0;
  Index tokens = 0;
  for (Index n = 0; n < 5000; ++n) {
    const GrammarLine line = source.line(stream, n);
    nats -= source.log_probability(line.words);
    tokens += static_cast<Index>(line.words.size()) + 1;
  }
  REQUIRE(nats / static_cast<double>(tokens) == Approx(source.topic(0).entropy_rate()).epsilon(0.01));
}

TEST_CASE("successors are drawn with their probabilities, each of the 4096 draws once") {
  const Chain chain = two_words();
  std::map<Index, int> drawn;
  for (std::uint32_t bits = 0; bits < Chain::kScale; ++bits) ++drawn[chain.successor(1, bits)];
  REQUIRE(drawn == std::map<Index, int>{{0, 1024}, {1, 2048}, {2, 1024}});
}

TEST_CASE("a seed determines grammar and text; another seed and another topic differ") {
  const ChainShape shape{40, 6, 8};
  const TopicMixture one = random_mixture(shape, 4, 1), same = random_mixture(shape, 4, 1);
  const TopicMixture other = random_mixture(shape, 4, 2);
  const auto rows_equal = [](const Chain& a, const Chain& b) {
    for (Index from = 0; from <= a.words(); ++from)
      for (Index to = 0; to <= a.words(); ++to)
        if (a.probability(from, to) != b.probability(from, to)) return false;
    return true;
  };
  REQUIRE(rows_equal(one.topic(3), same.topic(3)));
  REQUIRE_FALSE(rows_equal(one.topic(3), other.topic(3)));
  REQUIRE_FALSE(rows_equal(one.topic(3), one.topic(2)));
  const RandomStream stream(1, "test", 0);
  REQUIRE(one.line(stream, 17).words == same.line(stream, 17).words);
  REQUIRE(one.line(stream, 17).words != one.line(stream, 18).words);
}

TEST_CASE("all topics are drawn, and words are spelled differently") {
  const TopicMixture mixture = random_mixture({40, 6, 8}, 4, 1);
  std::set<Index> topics;
  for (Index n = 0; n < 100; ++n) topics.insert(mixture.line(RandomStream(1, "test", 0), n).topic);
  REQUIRE(topics.size() == 4);
  std::set<std::string> words;
  for (Index state = 1; state <= 4900; ++state) words.insert(grammar_word(state));
  REQUIRE(words.size() == 4900);
}
