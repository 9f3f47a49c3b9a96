// Every gradient of tiny models at random weights, against central differences of an independent double-precision
// model: all switches, odd sizes, dropout and gate noise on, streams of unequal length.
#include "support/catch.hpp"
#include "support/close.hpp"
#include "support/model_case.hpp"
#include "support/reference_masks.hpp"
#include "support/reference_model.hpp"

using namespace moelm;

namespace {

constexpr double kDifference = 1e-5;
constexpr double kMinMargin = 1e-5;  // of the closest choice of experts or ReLU units; single precision errs by 1e-6

/// The reference's view of a case: the loss as a function of its weights.
class Oracle {
 public:
  explicit Oracle(ModelCase& c)
      : masks_(masks(c)),
        draws_(c.draws()),
        further_(c),
        pass_{c.batch,          c.state,        masks_, draws_, c.options.windows, further_.recurrent,
              further_.outputs, further_.hidden},
        model_(c.config, c.parameters) {
    loss_ = model_.loss(pass_, decisions_, nll_);
    base_nll_ = nll_;
  }

  double loss() const { return loss_; }
  const Row& nll() const { return base_nll_; }
  const ReferenceDecisions& decisions() const { return decisions_; }

  Row gradient(const std::string& name) {
    Row gradient;
    for (double& weight : model_.weights.at(name).values) {
      const double middle = weight;
      weight = middle + kDifference;
      const double up = model_.loss(pass_, decisions_, nll_);
      weight = middle - kDifference;
      const double down = model_.loss(pass_, decisions_, nll_);
      weight = middle;
      gradient.push_back((up - down) / (2 * kDifference));
    }
    return gradient;
  }

 private:
  static std::vector<Matrix> masks(const ModelCase& c) {
    Context context(1);
    return c.masks(context);
  }

  std::vector<Matrix> masks_, draws_;
  ReferenceMasks further_;
  ReferencePass pass_;
  ReferenceModel model_;
  ReferenceDecisions decisions_;
  double loss_ = 0;
  Row nll_, base_nll_;
};

/// Moved by counts of tokens, not by the gradient of the loss.
bool by_counts(const std::string& name) { return name.ends_with(".gate.bias") || name.ends_with(".gate.thresholds"); }

/// The tensors in which the gradients differ from the oracle's, a line each; "" where there is none.
std::string wrong_gradients(Oracle& oracle, ModelParameters& gradients) {
  std::string faults;
  for (const NamedTensor& t : named_tensors(gradients))
    if (by_counts(t.name))
      continue;
    else if (const std::string fault = mismatch(t.name, t.values->values(), oracle.gradient(t.name)); !fault.empty())
      faults += fault + "\n";
  return faults;
}

/// Whether all gates decide row after row, layer after layer.
bool decides_by_row(const ModelConfig& config) {
  return std::all_of(config.layers.begin(), config.layers.end(), [](const LayerConfig& layer) {
    const auto* moe = std::get_if<MoeConfig>(&layer);
    return moe == nullptr ||
           (!moe->hierarchical() && moe->gate != GateKind::balanced && moe->gate != GateKind::softmax);
  });
}

/// Experts of all rows and gated layers, in the order of the reference's decisions.
void require_same_experts(const ModelCase& c, const ModelCache& cache, const ReferenceDecisions& decisions) {
  std::size_t decision = 0;
  for (std::size_t l = 0; l < c.config.layers.size(); ++l) {
    const Routing* routing = routing_of(cache, l);
    if (routing == nullptr || routing->experts == 1) continue;
    for (std::size_t n = 0; n < static_cast<std::size_t>(routing->rows); ++n, ++decision)
      for (std::size_t j = 0; j < routing->experts_of(static_cast<Index>(n)).size(); ++j)
        REQUIRE(routing->experts_of(static_cast<Index>(n))[j] == static_cast<int>(decisions.orders()[decision][j]));
  }
  REQUIRE(decision == decisions.orders().size());
}

const std::vector<Index> kUnequalStreams = {4, 4, 3, 1, 1};

void require_gradients(const ModelConfig& config, std::uint64_t seed, bool look_back = false) {
  ModelCase c(config, 11, Sequence(kUnequalStreams), seed);
  std::vector<BalanceWindow> windows;
  if (look_back) c.look_back_on(windows);
  Oracle oracle(c);
  REQUIRE(oracle.decisions().margin() > kMinMargin);
  Context context(2);
  ModelOutcome actual = run_gradients(context, c);
  if (decides_by_row(c.config)) require_same_experts(c, actual.cache, oracle.decisions());
  REQUIRE(mismatch("nll", actual.nll, oracle.nll()) == "");
  REQUIRE(actual.losses.total() == Approx(oracle.loss()).epsilon(1e-6));
  REQUIRE(wrong_gradients(oracle, actual.gradients) == "");
}

void require_gradients(std::vector<LayerConfig> layers, Index width, std::uint64_t seed, double dropout = 0.2) {
  require_gradients(model_config(width, std::move(layers), dropout), seed);
}

MoeConfig without_noise(MoeConfig c) {
  c.gate = GateKind::top_k;
  return c;
}

}  // namespace

TEST_CASE("gradients: LSTM, MoE, LSTM") {
  require_gradients({LstmConfig{6, 0}, moe_config(4, 2, {5}), LstmConfig{6, 0}}, 6, 100);
  require_gradients({LstmConfig{6, 0}, moe_config(4, 2, {5}), LstmConfig{6, 0}}, 6, 200, 0.0);
}

TEST_CASE("gradients: one dropout mask for all steps of a stream") {
  ModelConfig locked = model_config(6, {LstmConfig{6, 0}, moe_config(4, 2, {5}), LstmConfig{4, 0}}, 0.3);
  locked.locked_dropout = true;
  require_gradients(locked, 250);
}

TEST_CASE("gradients: tokens dropped, in a table of their own and in one that the softmax reads too") {
  ModelConfig tokens = model_config(6, {LstmConfig{6, 0}, moe_config(4, 2, {5})}, 0.2);
  tokens.embedding_dropout = 0.4;
  require_gradients(tokens, 260);
  tokens.tied = true;
  require_gradients(tokens, 270);
}

TEST_CASE("gradients: recurrent weights dropped, with and without a projection") {
  ModelConfig dropped = model_config(6, {LstmConfig{6, 0}, moe_config(4, 2, {5}), LstmConfig{7, 6}}, 0.2);
  dropped.weight_drop = 0.4;
  require_gradients(dropped, 280);
}

TEST_CASE("gradients: an MoE layer alone") { require_gradients({moe_config(7, 3, {4})}, 5, 300); }

TEST_CASE("gradients: an MoE layer without a sigmoid behind it") {
  MoeConfig plain = moe_config(4, 2, {5});
  plain.output = MoeOutput::none;
  require_gradients({LstmConfig{5, 0}, plain, LstmConfig{5, 0}}, 5, 350);
}

TEST_CASE("gradients: embedding and softmax with one table") {
  ModelConfig tied = model_config(6, {LstmConfig{6, 0}, moe_config(4, 2, {5}), LstmConfig{4, 6}}, 0.2);
  tied.tied = true;
  require_gradients(tied, 360);
}

TEST_CASE("gradients: one table whose softmax samples has the rows of the whole one") {
  ModelConfig tied = model_config(6, {LstmConfig{6, 0}, moe_config(4, 2, {5})}, 0.2);
  tied.tied = true;
  ModelCase whole(tied, 11, Sequence(kUnequalStreams), 370);
  std::get<SoftmaxConfig>(tied.layers.back()).samples = 11;  // all tokens
  ModelCase rows(tied, 11, Sequence(kUnequalStreams), 370);
  Context context(2);
  ModelOutcome expected = run_gradients(context, whole), actual = run_gradients(context, rows);
  REQUIRE(mismatch("nll", actual.nll, expected.nll) == "");
  const std::vector<NamedTensor> a = named_tensors(actual.gradients), b = named_tensors(expected.gradients);
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    REQUIRE(mismatch(a[i].name, a[i].values->values(), b[i].values->values(), 1e-5) == "");
}

TEST_CASE("gradients: an adaptive softmax") {
  ModelConfig adaptive = model_config(6, {LstmConfig{6, 0}, moe_config(4, 2, {5}), LstmConfig{4, 5}}, 0.2);
  auto& softmax = std::get<SoftmaxConfig>(adaptive.layers.back());
  softmax.cutoffs = {4, 8, 10};
  softmax.divisor = 2;
  require_gradients(adaptive, 380);
  softmax.cutoffs = {1};
  require_gradients(adaptive, 390);
}

TEST_CASE("gradients: an adaptive softmax that reads the table of the embedding") {
  ModelConfig tied = model_config(6, {LstmConfig{6, 0}, moe_config(4, 2, {5}), LstmConfig{4, 6}}, 0.2);
  tied.tied = true;
  tied.embedding_dropout = 0.3;
  auto& softmax = std::get<SoftmaxConfig>(tied.layers.back());
  softmax.divisor = 1;
  for (const std::vector<Index>& cutoffs : {std::vector<Index>{4, 8, 10}, {1}, {10}}) {
    softmax.cutoffs = cutoffs;
    require_gradients(tied, 400);
  }
}

TEST_CASE("gradients: the full softmax of a model that samples is that of one that does not, to the bit") {
  for (const bool tied : {false, true}) {
    ModelConfig model = model_config(6, {LstmConfig{6, 0}, moe_config(4, 2, {5}), LstmConfig{4, 6}}, 0.2);
    model.tied = tied;
    const auto gradients = [&](Index samples) {
      std::get<SoftmaxConfig>(model.layers.back()).samples = samples;
      ModelCase c(model, 11, Sequence(kUnequalStreams), 395);
      c.options.full_softmax = samples > 0;
      Context context(2);
      return run_gradients(context, c);
    };
    ModelOutcome expected = gradients(0), actual = gradients(3);
    REQUIRE(actual.nll == expected.nll);
    const std::vector<NamedTensor> a = named_tensors(actual.gradients), b = named_tensors(expected.gradients);
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      CAPTURE(a[i].name, tied);
      REQUIRE(std::equal(a[i].values->values().begin(), a[i].values->values().end(), b[i].values->values().begin()));
    }
  }
}

TEST_CASE("gradients: two MoE layers in a row") {
  require_gradients({LstmConfig{5, 0}, moe_config(4, 2, {3}), moe_config(5, 2, {6})}, 5, 400);
}

TEST_CASE("gradients: deep experts") { require_gradients({LstmConfig{5, 0}, moe_config(4, 2, {7, 3, 5})}, 5, 500); }

TEST_CASE("gradients: one expert has no gate") {
  require_gradients({LstmConfig{5, 0}, moe_config(1, 1, {6, 4}), LstmConfig{5, 0}}, 5, 600);
}

TEST_CASE("gradients: LSTM with projection, and layers of different widths without a sum") {
  require_gradients({LstmConfig{7, 4}, moe_config(4, 2, {5}), LstmConfig{3, 0}}, 5, 700);
  require_gradients({LstmConfig{7, 5}, LstmConfig{4, 5}}, 5, 800);
}

TEST_CASE("gradients: k = 1 and k = E") {
  require_gradients({LstmConfig{5, 0}, moe_config(4, 1, {6})}, 5, 900);
  require_gradients({LstmConfig{5, 0}, moe_config(3, 3, {6}), LstmConfig{5, 0}}, 5, 1000);
}

TEST_CASE("gradients: a gate without noise") {
  require_gradients({LstmConfig{5, 0}, without_noise(moe_config(5, 2, {6})), LstmConfig{5, 0}}, 5, 1100);
}

TEST_CASE("gradients: sigmoid gating, flat and in two levels") {
  MoeConfig moe = moe_config(5, 2, {6});
  moe.gate = GateKind::sigmoid;
  require_gradients({LstmConfig{5, 0}, moe, LstmConfig{5, 0}}, 5, 1150);
  moe.k = 1;
  require_gradients({LstmConfig{5, 0}, moe}, 5, 1160);
  moe.k = 5;
  require_gradients({LstmConfig{5, 0}, moe}, 5, 1170);
  MoeConfig levels = moe_config(9, 2, {6});
  levels.gate = GateKind::sigmoid;
  levels.groups = 3;
  require_gradients({LstmConfig{5, 0}, levels}, 5, 1180);
}

TEST_CASE("gradients: balancing losses over several steps") {
  require_gradients(model_config(5, {LstmConfig{5, 0}, moe_config(5, 2, {6}), LstmConfig{5, 0}}, 0.2), 1190, true);
  MoeConfig levels = moe_config(12, 2, {6});
  levels.groups = 4;
  require_gradients(model_config(5, {LstmConfig{5, 0}, levels}, 0.2), 1195, true);
}

TEST_CASE("gradients: softmax gating") {
  MoeConfig moe = moe_config(4, 2, {6});
  moe.gate = GateKind::softmax;
  require_gradients({LstmConfig{5, 0}, moe, LstmConfig{5, 0}}, 5, 1200);
}

TEST_CASE("gradients: strictly balanced gating, rows with any number of experts") {
  MoeConfig moe = moe_config(4, 2, {6});
  moe.gate = GateKind::balanced;
  require_gradients({LstmConfig{5, 0}, moe, LstmConfig{5, 0}}, 5, 1300);
  moe.k = 1;
  require_gradients({LstmConfig{5, 0}, moe}, 5, 1310);
}

MoeConfig in_groups(MoeConfig c, Index groups, Index k_groups) {
  c.groups = groups;
  c.k_groups = k_groups;
  return c;
}

TEST_CASE("gradients: two levels, all or some groups, all or some of their experts") {
  require_gradients({LstmConfig{5, 0}, in_groups(moe_config(12, 2, {6}), 4, 2), LstmConfig{5, 0}}, 5, 1400);
  require_gradients({LstmConfig{5, 0}, in_groups(moe_config(6, 1, {6}), 2, 2), LstmConfig{5, 0}}, 5, 1500);
  require_gradients({LstmConfig{5, 0}, in_groups(moe_config(6, 2, {6}), 3, 1)}, 5, 1600);
  require_gradients({in_groups(moe_config(8, 1, {4}), 4, 2), in_groups(moe_config(4, 1, {4}), 4, 2)}, 5, 1700);
}

TEST_CASE("gradients: two levels with other gates") {
  require_gradients({LstmConfig{5, 0}, in_groups(without_noise(moe_config(9, 2, {6})), 3, 2)}, 5, 1800);
  MoeConfig moe = in_groups(moe_config(6, 2, {6}), 3, 2);
  moe.gate = GateKind::softmax;
  require_gradients({LstmConfig{5, 0}, moe}, 5, 1900);
}

TEST_CASE("gradients: shared experts") {
  MoeConfig moe = moe_config(4, 2, {6, 3});
  moe.shared = 2;
  require_gradients({LstmConfig{5, 0}, moe, LstmConfig{5, 0}}, 5, 2000);
  MoeConfig alone = moe_config(1, 1, {6});
  alone.shared = 1;
  require_gradients({LstmConfig{5, 0}, alone}, 5, 2100);
}

TEST_CASE("gradients: hidden units of experts dropped, and whole outputs of pairs") {
  MoeConfig moe = moe_config(4, 2, {6, 7});
  moe.hidden_dropout = 0.4;
  moe.shared = 2;
  require_gradients({LstmConfig{5, 0}, moe, LstmConfig{5, 0}}, 5, 2150);
  moe.shared = 0;
  moe.mask_outputs = 0.5;
  require_gradients({LstmConfig{5, 0}, moe, LstmConfig{5, 0}}, 5, 2160);
  moe.hidden_dropout = 0;
  require_gradients({LstmConfig{5, 0}, without_noise(moe)}, 5, 2170);
  require_gradients({LstmConfig{5, 0}, in_groups(moe_config(6, 2, {6}), 3, 2), moe}, 5, 2180);
  MoeConfig levels = in_groups(moe_config(6, 1, {6}), 3, 2);
  levels.mask_outputs = levels.hidden_dropout = 0.3;
  require_gradients({LstmConfig{5, 0}, levels}, 5, 2190);
}

TEST_CASE("gradients: Switch loss and z-loss, with and without noise") {
  MoeConfig moe = moe_config(4, 2, {6});
  moe.w_switch = 0.7;
  moe.w_z = 0.3;
  require_gradients({LstmConfig{5, 0}, moe, LstmConfig{5, 0}}, 5, 2200);
  require_gradients({LstmConfig{5, 0}, without_noise(moe)}, 5, 2300);
}

TEST_CASE("gradients: biases of the choice") {
  MoeConfig moe = moe_config(5, 2, {6});
  moe.bias_rate = 0.01;
  require_gradients({LstmConfig{5, 0}, moe, LstmConfig{5, 0}}, 5, 2400);
}

TEST_CASE("hidden layers computed again give the same bits") {
  for (const Index groups : {0, 2}) {
    MoeConfig moe = in_groups(moe_config(6, 2, {6, 3}), groups, 2);
    moe.shared = 1;
    moe.hidden_dropout = groups > 0 ? 0.3 : 0;
    const auto gradients = [&](bool recompute) {
      moe.recompute = recompute;
      ModelCase c(model_config(5, {LstmConfig{5, 0}, moe, LstmConfig{5, 0}}, 0.2), 11, Sequence(kUnequalStreams), 7);
      Context context(2);
      return run_gradients(context, c);
    };
    ModelOutcome kept = gradients(false), computed = gradients(true);
    REQUIRE(std::get<MoeLayerCache>(computed.cache.layers[2]).moe.experts.factors.input[1].empty());
    const std::vector<NamedTensor> a = named_tensors(kept.gradients), b = named_tensors(computed.gradients);
    for (std::size_t i = 0; i < a.size(); ++i) {
      CAPTURE(a[i].name);
      REQUIRE(std::equal(a[i].values->values().begin(), a[i].values->values().end(), b[i].values->values().begin()));
    }
  }
}

TEST_CASE("the gradient check fails where a gradient is wrong") {
  ModelCase c(model_config(6, {LstmConfig{6, 0}, moe_config(4, 2, {5}), LstmConfig{6, 0}}, 0.2), 11,
              Sequence(kUnequalStreams), 100);
  Oracle oracle(c);
  Context context(2);
  ModelOutcome actual = run_gradients(context, c);
  REQUIRE(wrong_gradients(oracle, actual.gradients) == "");

  SECTION("one element is off by a tenth of a per cent of the greatest") {
    Matrix& w = std::get<LstmParameters>(actual.gradients.layers[1]).weight_hh;
    float greatest = 0;
    for (const float v : w.values()) greatest = std::max(greatest, std::abs(v));
    w(3, 2) += 1e-3f * greatest;
    const std::string faults = wrong_gradients(oracle, actual.gradients);
    REQUIRE(faults.find("layers.1.weight_hh[20]: ") == 0);
    REQUIRE(std::count(faults.begin(), faults.end(), '\n') == 1);
  }
  SECTION("the load loss has another weight") {
    std::get<MoeConfig>(c.config.layers[2]).w_load *= 1.01;
    ModelOutcome other = run_gradients(context, c);
    const std::string faults = wrong_gradients(oracle, other.gradients);
    REQUIRE(faults.find("layers.2.noise.weight[") != std::string::npos);
  }
}
