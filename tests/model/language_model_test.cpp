// What holds for every model: causality, thread counts, the first loss, state carried over windows.
#include "model/language_model.hpp"

#include <cmath>
#include <cstring>

#include "support/catch.hpp"
#include "support/close.hpp"
#include "support/model_case.hpp"

using namespace moelm;

namespace {

ModelConfig middle_sized() {
  return model_config(40, {LstmConfig{40, 0}, moe_config(6, 2, {24}), LstmConfig{56, 40}}, 0.2);
}

std::vector<double> score(Context& context, const ModelCase& c, const Batch& batch, ModelState& state) {
  ModelCache cache;
  std::vector<double> nll(static_cast<std::size_t>(batch.rows()));
  model_score(context, c.config, c.parameters, batch, state, cache, nll);
  return nll;
}

/// Steps [begin, end) of a batch of equal streams.
Batch window(const Batch& batch, Index begin, Index end) {
  Batch part;
  part.sequence = Sequence(batch.sequence.streams(), end - begin);
  const auto first = batch.sequence.offset(begin),
             last = batch.sequence.offset(end - 1) + batch.sequence.active(end - 1);
  part.inputs.assign(batch.inputs.begin() + first, batch.inputs.begin() + last);
  part.targets.assign(batch.targets.begin() + first, batch.targets.begin() + last);
  return part;
}

bool same_bits(std::span<const float> a, std::span<const float> b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0);
}

void require_same_bits_on_any_threads(const ModelConfig& config) {
  ModelCase c(config, 203, Sequence(std::vector<Index>{70, 70, 70, 64, 64, 33, 17, 1}), 3);
  Context one(1);
  ModelOutcome expected = run_gradients(one, c);
  const std::vector<NamedTensor> gradients = named_tensors(expected.gradients);
  for (const int threads : {2, 5}) {
    Context context(threads);
    ModelOutcome actual = run_gradients(context, c);
    REQUIRE(actual.nll == expected.nll);
    REQUIRE(actual.losses.total() == expected.losses.total());
    const std::vector<NamedTensor> tensors = named_tensors(actual.gradients);
    REQUIRE(tensors.size() == gradients.size());
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      CAPTURE(threads, tensors[i].name);
      REQUIRE(same_bits(tensors[i].values->values(), gradients[i].values->values()));
    }
  }
}

}  // namespace

TEST_CASE("changing later tokens leaves earlier scores unchanged bit for bit") {
  Context context(2);
  ModelCase c(middle_sized(), 97, Sequence(9, 40), 1);
  ModelState state = c.state.clone();
  const std::vector<double> before = score(context, c, c.batch, state);
  for (const Index from : {1, 17, 39}) {
    Batch changed = c.batch;
    const auto first = static_cast<std::size_t>(c.batch.sequence.offset(from));
    for (std::size_t row = first; row < changed.inputs.size(); ++row) {
      changed.inputs[row] = static_cast<std::int32_t>((changed.inputs[row] * 31 + 7) % 97);
      changed.targets[row] = static_cast<std::int32_t>((changed.targets[row] + 1) % 97);
    }
    ModelState again = c.state.clone();
    const std::vector<double> after = score(context, c, changed, again);
    REQUIRE(std::equal(after.begin(), after.begin() + static_cast<Index>(first), before.begin()));
    REQUIRE(after[first] != before[first]);
  }
}

TEST_CASE("a stream's scores do not depend on the streams beside it") {
  Context context(2);
  ModelCase c(middle_sized(), 97, Sequence(std::vector<Index>{37, 37, 20, 20, 20, 5, 1}), 2);
  ModelState state = c.state.clone();
  const std::vector<double> all = score(context, c, c.batch, state);
  for (const Index b : {0, 4, 5, 19, 36}) {
    Batch alone;
    std::vector<Index> active;
    std::vector<double> expected;
    for (Index t = 0; t < c.batch.sequence.steps() && c.batch.sequence.active(t) > b; ++t) {
      const auto row = static_cast<std::size_t>(c.batch.sequence.offset(t) + b);
      active.push_back(1);
      alone.inputs.push_back(c.batch.inputs[row]);
      alone.targets.push_back(c.batch.targets[row]);
      expected.push_back(all[row]);
    }
    alone.sequence = Sequence(active);
    ModelState one;
    for (const LstmState& s : c.state.layers) {
      LstmState& row = one.layers.emplace_back();
      row.h = Matrix(s.h.empty() ? 0 : 1, s.h.cols());
      row.c = Matrix(s.c.empty() ? 0 : 1, s.c.cols());
      std::copy_n(s.h.row(b), row.h.size(), row.h.data());
      std::copy_n(s.c.row(b), row.c.size(), row.c.data());
    }
    REQUIRE(score(context, c, alone, one) == expected);
  }
}

TEST_CASE("losses and gradients have the same bits on any number of threads") {
  for (const bool masks : {false, true}) {
    ModelConfig config = middle_sized();
    config.locked_dropout = masks;
    config.embedding_dropout = config.weight_drop = masks ? 0.3 : 0;
    auto& moe = std::get<MoeConfig>(config.layers[2]);
    moe.hidden_dropout = moe.mask_outputs = masks ? 0.2 : 0;
    require_same_bits_on_any_threads(config);
  }
}

TEST_CASE("a model that has learned nothing scores ln V") {
  Context context(2);
  for (const Index vocabulary : {50, 2000}) {
    ModelCase c(model_config(128, {LstmConfig{128, 0}, moe_config(8, 2, {64}), LstmConfig{128, 0}}, 0.1), vocabulary,
                Sequence(16, 10), 4);
    initialise(context, 5, c.parameters);
    c.state.reset(c.parameters, 16);
    const double expected = std::log(static_cast<double>(vocabulary));
    REQUIRE(run_gradients(context, c).losses.cross_entropy == Approx(expected).epsilon(0.01));
    double sum = 0;
    for (const double nll : score(context, c, c.batch, c.state)) sum += nll / 160;
    REQUIRE(sum == Approx(expected).epsilon(0.01));
  }
}

TEST_CASE("a state carried over windows equals one long window") {
  Context context(2);
  ModelCase c(middle_sized(), 97, Sequence(5, 12), 6);
  ModelState whole = c.state.clone(), carried = c.state.clone();
  const std::vector<double> expected = score(context, c, c.batch, whole);
  std::vector<double> nll;
  for (const auto& [begin, end] : {std::pair<Index, Index>{0, 7}, {7, 8}, {8, 12}}) {
    const std::vector<double> part = score(context, c, window(c.batch, begin, end), carried);
    nll.insert(nll.end(), part.begin(), part.end());
  }
  REQUIRE(nll == expected);
  for (std::size_t l = 0; l < whole.layers.size(); ++l) {
    REQUIRE(same_bits(whole.layers[l].h.values(), carried.layers[l].h.values()));
    REQUIRE(same_bits(whole.layers[l].c.values(), carried.layers[l].c.values()));
  }
}

TEST_CASE("a pass in training is a function of seed and step, and forgets earlier passes of its cache") {
  Context context(2);
  ModelCase c(middle_sized(), 97, Sequence(5, 6), 7);
  ModelOutcome first = run_gradients(context, c);
  REQUIRE(run_gradients(context, c).nll == first.nll);
  ++c.options.step;
  REQUIRE(run_gradients(context, c).nll != first.nll);
  --c.options.step;
  ++c.options.seed;
  REQUIRE(run_gradients(context, c).nll != first.nll);
  --c.options.seed;

  // A cache and gradients that served a larger batch.
  ModelCase larger(middle_sized(), 97, Sequence(8, 9), 8);
  ModelCache cache;
  ModelGradients gradients = make_gradients(c.parameters);
  std::vector<double> nll(72);
  ModelState state = larger.state.clone();
  model_gradients(context, larger.config, larger.parameters, larger.batch, larger.options, state, cache, gradients,
                  nll);
  nll.resize(30);
  state = c.state.clone();
  model_gradients(context, c.config, c.parameters, c.batch, c.options, state, cache, gradients, nll);
  REQUIRE(nll == first.nll);
  ModelParameters dense = dense_gradients(context, c, cache, gradients);
  const std::vector<NamedTensor> actual = named_tensors(dense), expected = named_tensors(first.gradients);
  for (std::size_t i = 0; i < actual.size(); ++i) {
    CAPTURE(actual[i].name);
    REQUIRE(same_bits(actual[i].values->values(), expected[i].values->values()));
  }
}
