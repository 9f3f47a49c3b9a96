// Experts of 512 x 1024 x 512, each with its own rows: the fewer rows, the more the time is that of moving weights.
#include <algorithm>
#include <cmath>
#include <memory>

#include "bench/cases.hpp"
#include "bench/expert_rows.hpp"
#include "bench/plain.hpp"
#include "bench/plain_update.hpp"
#include "training/expert_set.hpp"

namespace moelm {

namespace {

const char* const kPart = "experts";
// Epsilon and learning rate of the update that is compared: it is nearly the gradient itself, not only its sign.
constexpr double kLarge = 1e4;

struct Shape {
  Index rows, experts, width, hidden;  ///< rows of each expert

  double weights() const { return static_cast<double>(experts * 2 * width * hidden); }
  double ops() const { return static_cast<double>(rows) * weights(); }
};

/// All experts of a layer with their rows.
class ExpertBench {
 public:
  ExpertBench(Context& context, const Shape& shape, OptimizerKind kind) : context_(context), shape_(shape) {
    optimizer_.kind = kind;
    optimizer_.epsilon = kLarge;
    for (Index e = 0; e < shape.experts; ++e) {
      const auto seed = static_cast<std::uint64_t>(2 * e);
      ExpertParameters& expert = experts_.emplace_back();
      expert.weight.push_back(random_numbers(context, shape.hidden, shape.width, seed, scale(shape.width)));
      expert.weight.push_back(random_numbers(context, shape.width, shape.hidden, seed + 1, scale(shape.hidden)));
    }
    plan_dispatch(spread_rows(slots(), shape.experts, 1), dispatch_);
    cache_.factors.input.push_back(random_numbers(context, slots(), shape.width, 1000));
    cache_.factors.gradient.resize(2);
    cache_.factors.gradient.back() = random_numbers(context, slots(), shape.width, 1001);
    set_ = std::make_unique<ExpertSet>("experts", all_of(experts_), optimizer_, RandomStream(1, "rounding", 0));
  }

  void forward() { experts_forward(context_, experts_, dispatch_, HiddenLayers::kept, cache_); }
  void backward() { experts_backward(context_, experts_, HiddenLayers::kept, cache_); }
  void update(double lr) {
    set_->begin_step();
    set_->use(cache_.factors);
    set_->update(context_, ++step_, lr, {}, cache_);
  }

  /// The last row of the last expert, there and back.
  void check_passes(const BenchSetting& setting, const std::string& name) {
    forward();
    backward();
    const Index row = slots() - 1;
    Doubles hidden = times(last().weight[0], row_of(cache_.factors.input[0], row));
    for (double& h : hidden) h = std::max(h, 0.0);
    Doubles dhidden = transposed_times(last().weight[1], row_of(cache_.factors.gradient[1], row));
    for (std::size_t i = 0; i < hidden.size(); ++i)
      if (cache_.factors.input[1](row, static_cast<Index>(i)) <= 0) dhidden[i] = 0;
    const double tolerance = layer_tolerance(context_);
    expect_close(setting, name + ": output", row_of(cache_.output, row), times(last().weight[1], hidden), tolerance);
    expect_close(setting, name + ": gradient", row_of(cache_.dinput, row), transposed_times(last().weight[0], dhidden),
                 tolerance);
  }

  /// The first update of the last expert's first matrix.
  void check_update(const BenchSetting& setting, const std::string& name) {
    const Matrix before = last().weight[0].clone();
    const Index begin = slots() - shape_.rows;
    const ConstMatrixView rows = cache_.factors.input[0].view().row_range(begin, slots());
    const ConstMatrixView of_rows = cache_.factors.gradient[0].view().row_range(begin, slots());
    Doubles gradient;
    for (Index r = 0; r < shape_.hidden; ++r) {
      const Doubles row = gradient_row(of_rows, rows, r);
      gradient.insert(gradient.end(), row.begin(), row.end());
    }
    update(kLarge);
    Doubles change = numbers_of(before);
    const Doubles after = numbers_of(last().weight[0]);
    for (std::size_t i = 0; i < change.size(); ++i) change[i] -= after[i];
    expect_close(setting, name + ": update", change,
                 first_update(optimizer_, kLarge, gradient, shape_.hidden, shape_.width), layer_tolerance(context_));
  }

 private:
  static float scale(Index inputs) { return 1 / std::sqrt(static_cast<float>(inputs)); }
  Index slots() const { return shape_.rows * shape_.experts; }
  const ExpertParameters& last() const { return experts_.back(); }

  Context& context_;
  Shape shape_;
  ExpertGroupConfig optimizer_;
  std::vector<ExpertParameters> experts_;
  Dispatch dispatch_;
  ExpertsCache cache_;
  std::unique_ptr<ExpertSet> set_;
  Index step_ = 0;
};

/// What is timed: a name, and the optimizer where it is the update.
struct ExpertPhase {
  const char* name;
  enum { forward, backward, update } what;
  OptimizerKind kind = OptimizerKind::adam;
};

BenchResult run(Context& context, const BenchSetting& setting, const std::string& name, const Shape& shape,
                const ExpertPhase& phase) {
  ExpertBench bench(context, shape, phase.kind);
  bench.check_passes(setting, name);
  if (phase.what == ExpertPhase::update) bench.check_update(setting, name);
  BenchResult result = begin_result(kPart, name, context);
  result.tokens = static_cast<double>(shape.rows * shape.experts);
  result.flops = 2 * shape.ops();
  result.bytes = shape.weights() * (phase.what == ExpertPhase::update ? update_bytes(phase.kind) : sizeof(float));
  result.seconds = setting.median_seconds([&] {
    if (phase.what == ExpertPhase::forward) bench.forward();
    if (phase.what == ExpertPhase::backward) bench.backward();
    if (phase.what == ExpertPhase::update) bench.update(1e-4);
  });
  return result;
}

}  // namespace

std::vector<BenchCase> expert_cases(const BenchSetting& setting) {
  std::vector<BenchCase> cases;
  for (const ExpertPhase& phase :
       {ExpertPhase{"forward", ExpertPhase::forward}, ExpertPhase{"backward", ExpertPhase::backward},
        ExpertPhase{"adam", ExpertPhase::update, OptimizerKind::adam},
        ExpertPhase{"factored", ExpertPhase::update, OptimizerKind::factored}})
    for (const Index rows : {1, 2, 5, 10, 20, 40, 80, 160, 320, 1000}) {
      const std::string name = std::string("experts-") + phase.name + "-" + std::to_string(rows) + "-rows";
      // 32 experts are 134 MB of weights, more than caches hold; with many rows fewer do.
      const Index experts = std::clamp<Index>(5120 / rows, 5, 32);
      const Shape shape{setting.size(rows), setting.size(experts), setting.size(512), setting.size(1024)};
      cases.push_back({kPart, name, [=](Context& context) { return run(context, setting, name, shape, phase); },
                       rows == 5 || rows == 160 ? BenchChoice::standard : BenchChoice::extra});
    }
  return cases;
}

}  // namespace moelm
