// Collective operations over ranks that are threads.
#include "dist/collectives.hpp"

#include <stdexcept>

#include "dist/local_ranks.hpp"
#include "dist/message.hpp"
#include "dist/orders.hpp"
#include "support/catch.hpp"

using namespace moelm;

namespace {

Bytes bytes(std::size_t count, int value) { return Bytes(count, static_cast<std::byte>(value)); }

}  // namespace

TEST_CASE("bytes of every size reach every rank") {
  for (const int ranks : {1, 2, 3, 8})
    run_local_ranks(ranks, [ranks](Communicator& own) {
      Bytes all = own.leads() ? bytes(5, 7) : Bytes();
      broadcast(own, Phase::start, all);
      if (all != bytes(5, 7)) throw std::runtime_error("broadcast");
      // Rank r sends r bytes: rank 0 none.
      const auto r = static_cast<std::size_t>(own.rank());
      const std::vector<Bytes> gathered = all_gather(own, Phase::start, bytes(r, own.rank()));
      std::vector<Bytes> send;
      for (int to = 0; to < ranks; ++to) send.push_back(bytes(r * static_cast<std::size_t>(to), own.rank()));
      const std::vector<Bytes> received = all_to_all(own, Phase::start, send);
      for (int from = 0; from < ranks; ++from) {
        const auto i = static_cast<std::size_t>(from);
        if (gathered[i] != bytes(i, from)) throw std::runtime_error("all_gather");
        if (received[i] != bytes(i * r, from)) throw std::runtime_error("all_to_all");
      }
    });
}

TEST_CASE("ranks that lost step are found out") {
  const auto out_of_step = [](Communicator& own) {
    Bytes some = bytes(1, 1);
    broadcast(own, own.leads() ? Phase::batch : Phase::tensor, std::span(some));
  };
  REQUIRE_THROWS_WITH(run_local_ranks(2, out_of_step), Catch::Matchers::Contains("\"batch\""));
}

TEST_CASE("a rank that fails takes the others with it, and its error is the one that is told") {
  for (int bad = 0; bad < 3; ++bad)
    REQUIRE_THROWS_WITH(run_local_ranks(3,
                                        [bad](Communicator& own) {
                                          if (own.rank() == bad) throw std::runtime_error("no memory");
                                          all_gather(own, Phase::faults, {});
                                        }),
                        "no memory");
}

TEST_CASE("messages hold what was written") {
  MessageWriter writer;
  writer.value(3.5);
  writer.values(std::vector<Index>{1, 2, 3});
  writer.text("layers.2");
  writer.values(std::vector<float>{});
  const Bytes written = writer.finish();
  MessageReader reader(written);
  REQUIRE(reader.value<double>() == 3.5);
  REQUIRE(reader.values<Index>() == std::vector<Index>{1, 2, 3});
  REQUIRE(reader.text() == "layers.2");
  REQUIRE(reader.values<float>().empty());
  REQUIRE(reader.done());
  REQUIRE_THROWS_AS(reader.value<int>(), std::logic_error);
}

TEST_CASE("orders reach all other ranks") {
  run_local_ranks(3, [](Communicator& own) {
    if (own.leads()) {
      give_order(own, Order::fetch, bytes(4, 9));
      return give_order(own, Order::end);
    }
    const GivenOrder first = receive_order(own), second = receive_order(own);
    if (first.order != Order::fetch || first.content != bytes(4, 9) || second.order != Order::end ||
        !second.content.empty())
      throw std::runtime_error("order");
  });
}
