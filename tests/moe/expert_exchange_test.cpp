// The way of rows to experts on other ranks and back: nothing is lost, doubled or swapped.
#include "moe/expert_exchange.hpp"

#include <algorithm>
#include <stdexcept>

#include "base/random.hpp"
#include "dist/local_ranks.hpp"
#include "ops/bf16.hpp"
#include "support/campaign.hpp"
#include "support/catch.hpp"

using namespace moelm;

namespace {

void expect(bool condition, const char* what) {
  if (!condition) throw std::runtime_error(what);
}

/// The pairs of one rank: `pairs` slots over the experts, some of which get none. Every slot's row names the rank, the
/// expert, and the number of the slot among those of its expert.
struct Home {
  Dispatch dispatch;
  Matrix rows;
  std::vector<Index> marks;

  Home(const RandomStream& random, int rank, Index experts, Index pairs) {
    std::vector<Index> counts(static_cast<std::size_t>(experts), 0);
    for (Index i = 0; i < pairs; ++i) {
      const float u = random.uniform(0, rank, i);
      ++counts[static_cast<std::size_t>(static_cast<float>(experts) * u * u)];
    }
    rows = Matrix(pairs, 3);
    dispatch.offset = {0};
    for (Index e = 0; e < experts; ++e) {
      for (Index i = 0; i < counts[static_cast<std::size_t>(e)]; ++i) {
        const Index slot = dispatch.offset.back() + i;
        rows(slot, 0) = static_cast<float>(rank);
        rows(slot, 1) = static_cast<float>(e);
        rows(slot, 2) = static_cast<float>(i);
        marks.push_back(1000000 * rank + 1000 * e + i);
      }
      dispatch.offset.push_back(dispatch.offset.back() + counts[static_cast<std::size_t>(e)]);
    }
    dispatch.row.resize(static_cast<std::size_t>(pairs));
  }
};

/// The way of one rank's rows to their experts and back.
struct Journey {
  ExpertExchange exchange;
  Context context;
  ExchangePlan plan;
  ExchangeMemory memory;
  Matrix own, back;

  Journey(Communicator& ranks, DataType products, Index experts, const Home& home)
      : exchange{&ranks, experts, 3}, context(1, products) {
    exchange.plan(home.dispatch, plan);
    exchange.to_owners(context, Phase::expert_rows, plan, home.rows, memory, own);
  }

  void return_home() { exchange.to_homes(context, Phase::expert_outputs, plan, own, memory, back); }
};

/// One rank of one random plan.
void travel(Communicator& ranks, DataType products, const RandomStream& random, Index experts, Index pairs) {
  const Home home(random, ranks.rank(), experts, ranks.rank() == 1 ? 0 : pairs);
  Journey journey(ranks, products, experts, home);
  const ExpertExchange& exchange = journey.exchange;
  const ExchangePlan& plan = journey.plan;
  const Matrix &own = journey.own, &back = journey.back;
  std::vector<Index> marks;
  exchange.to_owners(plan, home.marks, marks);
  expect(own.rows() == plan.dispatch.slots() && marks.size() == static_cast<std::size_t>(own.rows()), "all rows");
  // By expert, then rank, then as the rank had them.
  for (Index e = 0; e < plan.own_experts(); ++e) {
    Index before = -1;
    for (Index i = plan.dispatch.offset[static_cast<std::size_t>(e)];
         i < plan.dispatch.offset[static_cast<std::size_t>(e) + 1]; ++i) {
      const Index expert = exchange.first_expert() + e;
      const Index mark = 1000000 * static_cast<Index>(own(i, 0)) + 1000 * expert + static_cast<Index>(own(i, 2));
      expect(static_cast<Index>(own(i, 1)) == expert, "rows of the expert");
      expect(marks[static_cast<std::size_t>(i)] == mark, "numbers beside their rows");
      expect(mark > before, "in the order of ranks");
      before = mark;
    }
  }
  journey.return_home();
  expect(back.rows() == home.rows.rows(), "as many rows as were sent");
  for (Index i = 0; i < back.size(); ++i)
    expect(back.data()[i] == home.rows.data()[i], "there and back is where it was");
}

}  // namespace

TEST_CASE("rows come to their experts and back") {
  const RandomStream random(7, "exchange", 0);
  const Index plans = long_campaign() ? 10000 : 300;
  for (Index i = 0; i < plans; ++i) {
    const int ranks = 2 + static_cast<int>(random.uniform(1, i, 0) * 7.0f);
    const Index experts = 1 + static_cast<Index>(random.uniform(1, i, 1) * 20);
    const Index pairs = static_cast<Index>(random.uniform(1, i, 2) * 60);
    const DataType products = i % 2 == 0 ? DataType::f32 : DataType::bf16;  // all numbers are bfloat16 numbers
    CAPTURE(i, ranks, experts, pairs);
    REQUIRE_NOTHROW(run_local_ranks(
        ranks, [&](Communicator& own) { travel(own, products, RandomStream(i, "homes", 0), experts, pairs); }));
  }
}

TEST_CASE("rows are rounded on their way to experts as products round them, and never on their way back") {
  constexpr float kThird = 1.0f / 3;
  for (const DataType products : {DataType::f32, DataType::bf16})
    run_local_ranks(2, [&](Communicator& ranks) {
      Home home(RandomStream(3, "homes", 0), ranks.rank(), 4, 10);
      std::fill_n(home.rows.data(), home.rows.size(), kThird);
      Journey journey(ranks, products, 4, home);
      const float expected = products == DataType::bf16 ? round_to_bf16(kThird) : kThird;
      for (const float number : journey.own.values()) expect(number == expected, "rounded if products round it");
      std::fill_n(journey.own.data(), journey.own.size(), kThird);
      journey.return_home();
      for (const float number : journey.back.values()) expect(number == kThird, "what comes back is not rounded");
    });
}
