// The way of rows to their experts and back: nothing but memory.
#include "bench/cases.hpp"
#include "bench/expert_rows.hpp"
#include "bench/plain.hpp"
#include "moe/dispatch.hpp"

namespace moelm {

namespace {

const char* const kPart = "dispatch and combine";
constexpr Index kChosen = 4;

struct Shape {
  Index rows, width, experts;
};

/// y = sum over the pairs of a row of gate * row, which is the row itself times the sum of its gates.
void check(const BenchSetting& setting, const std::string& name, const Routing& routing, ConstMatrixView x,
           ConstMatrixView y) {
  for (const Index row : {Index{0}, x.rows - 1}) {
    double sum = 0;
    for (const float gate : routing.gates_of(row)) sum += static_cast<double>(gate);
    Doubles expected = row_of(x, row);
    for (double& number : expected) number *= sum;
    expect_close(setting, name, row_of(y, row), expected, 1e-5);
  }
}

BenchResult run(Context& context, const BenchSetting& setting, const std::string& name, const Shape& shape) {
  const Routing routing = spread_rows(shape.rows, shape.experts, kChosen);
  const Matrix x = random_numbers(context, shape.rows, shape.width, 1);
  Matrix slots(routing.pairs(), shape.width), y(shape.rows, shape.width);
  Dispatch dispatch;
  const auto there_and_back = [&] {
    plan_dispatch(routing, dispatch);
    dispatch_rows(context, dispatch, x, slots);
    combine_rows(context, dispatch, routing, slots, y);
  };
  there_and_back();
  check(setting, name, routing, x, y);
  BenchResult result = begin_result(kPart, name, context);
  result.seconds = setting.median_seconds(there_and_back);
  result.tokens = static_cast<double>(shape.rows);
  // Every pair is read, written and read again; every row is written.
  result.bytes = static_cast<double>((3 * routing.pairs() + shape.rows) * shape.width) * sizeof(float);
  return result;
}

}  // namespace

std::vector<BenchCase> dispatch_cases(const BenchSetting& setting) {
  std::vector<BenchCase> cases;
  for (const Index rows : {1280, 16384})
    for (const Index experts : {32, 256, 4096}) {
      const std::string name = "dispatch-" + std::to_string(rows) + "-to-" + std::to_string(experts);
      const Shape shape{setting.size(rows), setting.size(512), setting.size(experts)};
      cases.push_back({kPart, name, [=](Context& context) { return run(context, setting, name, shape); },
                       experts == 256 ? BenchChoice::standard : BenchChoice::extra, true});
    }
  return cases;
}

}  // namespace moelm
