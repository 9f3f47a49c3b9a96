// The masks of a training pass: their rates, what shares a mask and what does not, and that evaluation has none.
#include "model/pass_masks.hpp"

#include <algorithm>
#include <cmath>

#include "support/catch.hpp"
#include "support/model_case.hpp"

using namespace moelm;

namespace {

PassOptions training(Index step, Index streams, Index first = 0) {
  PassOptions options;
  options.training = true;
  options.seed = 5;
  options.step = step;
  options.streams = streams;
  options.part.first_stream = first;
  return options;
}

ModelConfig small_model() { return model_config(40, {LstmConfig{40, 0}, moe_config(6, 2, {24})}, 0.3); }

Matrix ones(Index rows, Index columns) {
  Matrix m(rows, columns);
  for (float& v : m.values()) v = 1;
  return m;
}

/// Whether a share of `count` independent draws is that of probability `p`, to four standard deviations.
bool is_rate(double share, double p, double count) { return std::abs(share - p) < 4 * std::sqrt(p * (1 - p) / count); }

bool same_rows(const Matrix& m, Index a, Index b) { return std::equal(m.row(a), m.row(a) + m.cols(), m.row(b)); }

double share_of_zeros(const Matrix& m) {
  double zeros = 0;
  for (const float v : m.values()) zeros += v == 0;
  return zeros / static_cast<double>(m.size());
}

/// Factors of dropout on the output of layer l.
Matrix dropped(const ModelConfig& config, const Sequence& sequence, const PassOptions& options, std::size_t l) {
  Context context(2);
  Matrix mask = ones(sequence.rows(), 40);
  PassMasks(config, sequence, options).drop(context, l, mask);
  return mask;
}

}  // namespace

TEST_CASE("a locked mask is the same in all steps of a stream, and another for streams, layers and steps") {
  ModelConfig config = small_model();
  const Sequence lines({60, 60, 50, 3});
  const Matrix free = dropped(config, lines, training(3, 60), 1);
  REQUIRE_FALSE(same_rows(free, lines.offset(0), lines.offset(1)));
  config.locked_dropout = true;
  const Matrix locked = dropped(config, lines, training(3, 60), 1);
  for (Index t = 1; t < lines.steps(); ++t)
    for (Index b = 0; b < lines.active(t); ++b) REQUIRE(same_rows(locked, lines.offset(t) + b, b));
  REQUIRE_FALSE(same_rows(locked, 0, 1));
  REQUIRE(is_rate(share_of_zeros(dropped(config, Sequence(60, 1), training(3, 60), 1)), 0.3, 2400));
  for (const float v : locked.values()) REQUIRE((v == 0 || v == Approx(1 / 0.7)));
  REQUIRE_FALSE(std::equal(locked.row(0), locked.row(0) + 40, dropped(config, lines, training(4, 60), 1).row(0)));
  REQUIRE_FALSE(std::equal(locked.row(0), locked.row(0) + 40, dropped(config, lines, training(3, 60), 2).row(0)));
  // The same streams in a part of the step.
  const Matrix part = dropped(config, lines.part(50, 10), training(3, 60, 50), 1);
  for (Index b = 0; b < 10; ++b) REQUIRE(std::equal(part.row(b), part.row(b) + 40, locked.row(50 + b)));
}

TEST_CASE("a dropped token is dropped wherever it occurs, in every part of the step and in no other step") {
  ModelConfig config = small_model();
  config.embedding_dropout = 0.2;
  Context context(2);
  constexpr Index kTokens = 5000;
  std::vector<std::int32_t> tokens;
  for (std::int32_t i = 0; i < 2 * kTokens; ++i) tokens.push_back(i % kTokens);
  const auto mask = [&](const PassOptions& options) {
    Matrix m = ones(2 * kTokens, 3);
    PassMasks(config, Sequence(2 * kTokens, 1), options).drop_tokens(context, tokens, m);
    return m;
  };
  const Matrix m = mask(training(3, 2 * kTokens));
  Index dropped = 0, other = 0;
  for (Index i = 0; i < kTokens; ++i) {
    REQUIRE(same_rows(m, i, i + kTokens));
    REQUIRE((m(i, 0) == 0 || m(i, 0) == 1.25f));
    REQUIRE(m(i, 2) == m(i, 0));
    dropped += m(i, 0) == 0 ? 1 : 0;
  }
  REQUIRE(is_rate(static_cast<double>(dropped) / kTokens, 0.2, kTokens));
  const Matrix part = mask(training(3, 9 * kTokens, kTokens)), later = mask(training(4, 2 * kTokens));
  REQUIRE(std::equal(part.values().begin(), part.values().end(), m.values().begin()));
  for (Index i = 0; i < kTokens; ++i) other += later(i, 0) != m(i, 0) ? 1 : 0;
  REQUIRE(is_rate(static_cast<double>(other) / kTokens, 2 * 0.2 * 0.8, kTokens));
  PassOptions evaluation;
  REQUIRE(mask(evaluation)(1, 1) == 1);
}

TEST_CASE("some streams begin a training step with the zero state, the same in every part of the step") {
  const ModelConfig config = small_model();
  constexpr Index kStreams = 4000;
  const auto zeros = [&](PassOptions options, Index streams) {
    options.zero_state = 0.2;
    ModelState state;
    state.layers.resize(config.layers.size());
    state.layers[1] = {ones(streams, 2), ones(streams, 3)};
    PassMasks(config, Sequence(streams, 1), options).drop_states(state);
    std::vector<bool> zero;
    for (Index b = 0; b < streams; ++b) {
      zero.push_back(state.layers[1].h(b, 0) == 0);
      for (const float v : {state.layers[1].h(b, 1), state.layers[1].c(b, 0), state.layers[1].c(b, 2)})
        REQUIRE(v == (zero.back() ? 0 : 1));
    }
    return zero;
  };
  const auto count = [](const std::vector<bool>& v) { return static_cast<double>(std::ranges::count(v, true)); };
  const std::vector<bool> all = zeros(training(3, kStreams), kStreams), later = zeros(training(4, kStreams), kStreams);
  REQUIRE(is_rate(count(all) / kStreams, 0.2, kStreams));
  double other = 0;
  for (std::size_t b = 0; b < kStreams; ++b) other += later[b] != all[b];
  REQUIRE(is_rate(other / kStreams, 2 * 0.2 * 0.8, kStreams));
  const std::vector<bool> part = zeros(training(3, kStreams, 1000), 500);
  REQUIRE(std::equal(part.begin(), part.end(), all.begin() + 1000));
  REQUIRE(count(zeros({}, kStreams)) == 0);
}

TEST_CASE("a stream that begins with the zero state is computed from it, forward and backward") {
  Context context(2);
  ModelConfig config = small_model();
  ModelCase drawn(config, 97, Sequence(12, 6), 7), cleared(config, 97, Sequence(12, 6), 7);
  drawn.options.zero_state = 0.4;
  PassMasks(config, drawn.batch.sequence, drawn.options).drop_states(cleared.state);
  REQUIRE(share_of_zeros(cleared.state.layers[1].h) > 0);
  REQUIRE(share_of_zeros(cleared.state.layers[1].h) < 1);
  ModelOutcome a = run_gradients(context, drawn), b = run_gradients(context, cleared);
  REQUIRE(a.nll == b.nll);
  const std::vector<NamedTensor> of_drawn = named_tensors(a.gradients), of_cleared = named_tensors(b.gradients);
  for (std::size_t i = 0; i < of_drawn.size(); ++i)
    REQUIRE(std::ranges::equal(of_drawn[i].values->values(), of_cleared[i].values->values()));
}

TEST_CASE("recurrent weights are dropped at their rate, others are left alone, and evaluation drops none") {
  ModelConfig config = small_model();
  Context context(2);
  ModelCase c(config, 97, Sequence(5, 6), 7);
  const auto scores = [&] {
    ModelCache cache;
    ModelState state = c.state.clone();
    std::vector<double> nll(static_cast<std::size_t>(c.batch.rows()));
    model_score(context, c.config, c.parameters, c.batch, state, cache, nll);
    return nll;
  };
  const std::vector<double> plain = scores();
  const auto& weights = std::get<LstmParameters>(c.parameters.layers[1]).weight_hh;
  const Matrix before = weights.clone();
  REQUIRE(std::get<LstmCache>(run_gradients(context, c).cache.layers[1]).masked_hh.empty());
  c.config.weight_drop = c.config.embedding_dropout = 0.35;
  c.config.locked_dropout = true;
  REQUIRE(scores() == plain);

  ModelCache cache;
  ModelState state = c.state.clone();
  model_forward(context, c.config, c.parameters, c.batch, c.options, state, cache);
  const Matrix& masked = std::get<LstmCache>(cache.layers[1]).masked_hh;
  REQUIRE(std::equal(before.values().begin(), before.values().end(), weights.values().begin()));
  for (Index i = 0; i < masked.size(); ++i)
    REQUIRE((masked.data()[i] == 0 || masked.data()[i] == Approx(weights.data()[i] / 0.65)));
  REQUIRE(is_rate(share_of_zeros(masked), 0.35, static_cast<double>(masked.size())));
  REQUIRE(scores() == plain);
}

TEST_CASE("pairs of row and expert are masked at their rate, without a change of gates, importance and load") {
  Context context(2);
  ModelConfig config = small_model();
  ModelCase plain(config, 97, Sequence(40, 50), 7);
  auto& moe = std::get<MoeConfig>(config.layers[2]);
  moe.mask_outputs = 0.25;
  moe.hidden_dropout = 0.4;
  const ModelCase masked(config, 97, Sequence(40, 50), 7);
  const ModelOutcome a = run_gradients(context, plain), b = run_gradients(context, masked);
  const MoeCache& without = std::get<MoeLayerCache>(a.cache.layers[2]).moe;
  const MoeCache& with = std::get<MoeLayerCache>(b.cache.layers[2]).moe;
  REQUIRE(without.masked.empty());
  REQUIRE(without.experts.factors.position.empty());
  REQUIRE(with.routing.expert == without.routing.expert);
  REQUIRE(with.routing.gate == without.routing.gate);
  REQUIRE(with.routing.sums.importance == without.routing.sums.importance);
  REQUIRE(with.routing.sums.load == without.routing.sums.load);
  double zeros = 0;
  for (std::size_t p = 0; p < with.masked.size(); ++p) {
    const Matrix& output = with.experts.output;
    const Index slot = with.dispatch.slot[p];
    zeros += with.masked[p];
    REQUIRE((with.masked[p] != 0) ==
            std::all_of(output.row(slot), output.row(slot) + output.cols(), [](float v) { return v == 0; }));
  }
  REQUIRE(with.masked.size() == 4000);
  REQUIRE(is_rate(zeros / 4000, 0.25, 4000));

  // Of the hidden units that are not cut off anyway, a share of 0.4 is dropped, and the others grow by 1 / 0.6.
  const Matrix &units = with.experts.factors.input[1], &before = without.experts.factors.input[1];
  double active = 0, dropped = 0;
  for (Index i = 0; i < units.size(); ++i) {
    if (before.data()[i] == 0) continue;
    active += 1;
    dropped += units.data()[i] == 0 ? 1 : 0;
    REQUIRE((units.data()[i] == 0 || units.data()[i] == Approx(before.data()[i] / 0.6)));
  }
  REQUIRE(active > 40000);
  REQUIRE(is_rate(dropped / active, 0.4, active));
}
