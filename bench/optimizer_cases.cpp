// Updates of a matrix much larger than the caches: nothing but memory.
#include "base/check.hpp"
#include "bench/cases.hpp"
#include "bench/plain.hpp"
#include "bench/plain_update.hpp"
#include "optim/update.hpp"

namespace moelm {

namespace {

const char* const kPart = "optimizers";

BenchResult run(Context& context, const BenchSetting& setting, const std::string& name, OptimizerKind kind) {
  const Index rows = setting.size(16384), cols = setting.size(1024);
  GroupConfig config;
  config.kind = kind;
  config.epsilon = 1;  // makes the first update depend on the size of the gradient, not only on its sign
  const Matrix gradient = random_numbers(context, rows, cols, 1);
  Matrix weights(rows, cols);
  Moments moments = make_moments(kind, rows, cols, false);
  Index step = 0;
  const auto update = [&] {
    ensure(update_tensor(context, {config, ++step, 1e-3}, gradient, moments, weights), "weights stay finite");
  };
  update();
  Doubles change = numbers_of(weights);
  for (double& c : change) c = -c;
  expect_close(setting, name, std::move(change), first_update(config, 1e-3, numbers_of(gradient), rows, cols), 1e-4);

  BenchResult result = begin_result(kPart, name, context);
  result.seconds = setting.median_seconds(update);
  result.bytes = static_cast<double>(rows * cols) * (update_bytes(kind) + gradient_reads(kind) * sizeof(float));
  return result;
}

}  // namespace

std::vector<BenchCase> optimizer_cases(const BenchSetting& setting) {
  std::vector<BenchCase> cases;
  for (const auto& [text, kind] : EnumNames<OptimizerKind>::values) {
    const std::string name = "optimizer-" + std::string(text);
    cases.push_back({kPart, name, [=, kind = kind](Context& context) { return run(context, setting, name, kind); },
                     BenchChoice::standard, true});
  }
  return cases;
}

}  // namespace moelm
