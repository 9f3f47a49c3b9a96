// The softmax may begin as the unigram model of the training text.
#include "training/unigram_bias.hpp"

#include <cmath>

#include "support/catch.hpp"
#include "support/short_run.hpp"

using namespace moelm;

TEST_CASE("biases are the logarithms of the smoothed frequencies of the training text") {
  ShortRuns runs;
  const std::vector<Index> counts = token_counts(runs.data(), Split::train);
  Index total = 0;
  for (const Index count : counts) total += count;
  REQUIRE(total == runs.data().tokens(Split::train));

  ModelParameters parameters = make_parameters(runs.config.model, runs.data().tokenizer().vocabulary_size());
  set_unigram_bias(counts, parameters);
  const Matrix& bias = std::get<SoftmaxParameters>(parameters.layers.back()).bias;
  double sum = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double probability = std::exp(static_cast<double>(bias.data()[i]));
    REQUIRE(probability == Approx(static_cast<double>(counts[i] + 1) / static_cast<double>(total + bias.cols())));
    sum += probability;
  }
  REQUIRE(sum == Approx(1));
}

TEST_CASE("the head of an adaptive softmax begins as the shares of its tokens and clusters") {
  ShortRuns runs;
  const std::vector<Index> counts = token_counts(runs.data(), Split::train);
  const auto vocabulary = static_cast<Index>(counts.size());
  const bool tied = GENERATE(false, true);
  runs.config.model.tied = tied;
  std::get<SoftmaxConfig>(runs.config.model.layers.back()).cutoffs = {2, 4};
  ModelParameters parameters = make_parameters(runs.config.model, vocabulary);
  set_unigram_bias(counts, parameters);
  const Matrix& bias = std::get<AdaptiveSoftmaxParameters>(parameters.layers.back()).head_bias;
  REQUIRE(vocabulary == 5);
  REQUIRE(bias.cols() == 4);
  const auto share = [&](Index first, Index last) {
    Index seen = 0, all = 0;
    for (Index i = 0; i < vocabulary; ++i) {
      const Index smoothed = counts[static_cast<std::size_t>(i)] + 1;
      all += smoothed;
      if (i >= first && i < last) seen += smoothed;
    }
    return std::log(static_cast<double>(seen) / static_cast<double>(all));
  };
  REQUIRE(bias.data()[0] == Approx(share(0, 1)));
  REQUIRE(bias.data()[1] == Approx(share(1, 2)));
  REQUIRE(bias.data()[2] == Approx(share(2, 4)));
  REQUIRE(bias.data()[3] == Approx(share(4, 5)));
}

TEST_CASE("a run with unigram biases begins at the unigram loss, and another run with none") {
  ShortRuns runs;
  const double uniform = std::log(static_cast<double>(runs.data().tokenizer().vocabulary_size()));
  REQUIRE(runs.train("without", runs.fresh("without")).first_loss == Approx(uniform).epsilon(0.05));

  std::get<SoftmaxConfig>(runs.config.model.layers.back()).unigram_bias = true;
  const double loss = runs.train("with", runs.fresh("with")).first_loss;
  double entropy = 0;
  const std::vector<Index> counts = token_counts(runs.data(), Split::train);
  const auto total = static_cast<double>(runs.data().tokens(Split::train));
  for (const Index count : counts)
    if (count > 0) entropy -= static_cast<double>(count) / total * std::log(static_cast<double>(count) / total);
  REQUIRE(loss < uniform);
  REQUIRE(loss == Approx(entropy).epsilon(0.15));
}
