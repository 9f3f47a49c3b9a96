// The carried state stays with the ranks that have its lanes. It travels when the leader asks for it, has changed it or
// cuts the lanes elsewhere, and then it is the same to the bit.
#include <cstring>
#include <functional>
#include <mutex>

#include "dist/local_ranks.hpp"
#include "dist/orders.hpp"
#include "model_files/tensor_transport.hpp"
#include "support/catch.hpp"
#include "support/counting_ranks.hpp"
#include "support/tiny_data.hpp"
#include "training/follower.hpp"
#include "training/learner.hpp"

using namespace moelm;

namespace {

constexpr Index kVocabulary = 31, kStreams = 12, kLanes = 4;
constexpr std::uint64_t kSeed = 5;

ModelConfig config() { return model_config(8, {LstmConfig{8, 0}, moe_config(7, 2, {6}), LstmConfig{12, 8}}, 0.2); }

/// What a state takes in messages: of each of five layers two shapes and lengths; of each stream h and c of two LSTMs.
constexpr double kBytesOfLane = 5 * 2 * 24, kBytesOfStream = 4 * (8 + 8 + 8 + 12);

/// The leader of a training over ranks that are counted.
struct Lesson {
  Context context{1};
  CountingRank& ranks;
  Learner learner;
  Index step = 0;

  explicit Lesson(CountingRank& counted) : ranks(counted), learner(context, config(), {}, kVocabulary, kSeed, counted) {
    learner.carried().reset(kStreams);
  }

  StepResult make(const Sequence& sequence = Sequence(kStreams, 5), Index lanes = kLanes) {
    ++step;
    const Batch batch = random_batch(sequence, kVocabulary, static_cast<std::uint64_t>(step));
    return learner.step(context, batch, {step, kStreams, 0.01, 1.0, 0, false, lanes});
  }

  Bytes state() {
    Bytes all;
    for (const NamedTensor& tensor : state_tensors(learner.carried().all())) {
      const std::span<std::byte> bytes = bytes_of(tensor);
      all.insert(all.end(), bytes.begin(), bytes.end());
    }
    return all;
  }

  /// Bytes that the leader sends with the batch of a step, besides those of its input.
  double sent_states(const Sequence& sequence = Sequence(kStreams, 5), Index lanes = kLanes) {
    const auto sent = [&] {
      const auto found = ranks.sent().bytes.find(Phase::batch);
      return found == ranks.sent().bytes.end() ? 0.0 : found->second;
    };
    const double before = sent();
    REQUIRE(make(sequence, lanes).fault == "");
    return sent() - before;
  }
};

/// Leads a training of so many ranks. Returns what all of them have sent.
SentCounts train(int count, const std::function<void(Lesson&)>& lead) {
  SentCounts all;
  std::mutex mutex;
  run_local_ranks(count, [&](Communicator& rank) {
    CountingRank counting(rank);
    if (rank.leads()) {
      Lesson lesson(counting);
      lead(lesson);
      if (count > 1) end_followers(counting, 0);
    } else {
      SharedModel model;
      model.config.model = config();
      model.config.train.seed = kSeed;
      model.vocabulary = kVocabulary;
      Context context(1);
      follow_training(context, model, counting);
    }
    const std::lock_guard<std::mutex> lock(mutex);
    all.add(counting.sent());
  });
  return all;
}

}  // namespace

TEST_CASE("collecting the carried state after a step changes neither it nor later steps", "[ranks]") {
  Bytes first, last;
  for (const int ranks : {1, 3, 4})
    for (const bool often : {false, true}) {
      CAPTURE(ranks, often);
      train(ranks, [&](Lesson& lesson) {
        Bytes after_two, after_six;
        for (Index step = 1; step <= 6; ++step) {
          REQUIRE(lesson.make().fault == "");
          if (often || step == 2) after_two = step == 2 ? lesson.state() : after_two;
          if (often) lesson.state();
        }
        after_six = lesson.state();
        if (first.empty()) first = after_two, last = after_six;
        CHECK(after_two == first);
        CHECK(after_six == last);
      });
    }
}

TEST_CASE("batches of fewer streams and of other lanes continue from the same state", "[ranks]") {
  const auto change = [](Lesson& lesson) {
    for (int round = 0; round < 2; ++round) {
      REQUIRE(lesson.make().fault == "");
      REQUIRE(lesson.make(Sequence(std::vector<Index>{7, 7, 2})).fault == "");
      REQUIRE(lesson.make(Sequence(std::vector<Index>{7, 7, 2})).fault == "");
      REQUIRE(lesson.make(Sequence(std::vector<Index>{2, 1, 1})).fault == "");  // lanes run empty
      REQUIRE(lesson.make(Sequence(kStreams, 5), 8).fault == "");
    }
  };
  Bytes reference;
  train(1, [&](Lesson& lesson) {
    change(lesson);
    reference = lesson.state();
  });
  for (const int ranks : {2, 3, 4})
    train(ranks, [&](Lesson& lesson) {
      change(lesson);
      CAPTURE(ranks);
      CHECK(lesson.state() == reference);
    });
}

TEST_CASE("after a reset all streams begin with zeros, whoever had their state", "[ranks]") {
  Bytes reference;
  for (const int ranks : {1, 3})
    for (const bool sent : {true, false}) {
      CAPTURE(ranks, sent);
      train(ranks, [&](Lesson& lesson) {
        REQUIRE(lesson.make().fault == "");
        REQUIRE(lesson.make().fault == "");
        lesson.learner.carried().reset(kStreams);
        if (sent) {
          const Bytes state = lesson.state();
          CHECK(state == Bytes(state.size()));
        }
        REQUIRE(lesson.make().fault == "");
        if (reference.empty()) reference = lesson.state();
        CHECK(lesson.state() == reference);
      });
    }
}

TEST_CASE("a step that is not applied leaves the carried state", "[ranks]") {
  Bytes reference;
  train(3, [&](Lesson& lesson) {
    REQUIRE(lesson.make().fault == "");
    REQUIRE(lesson.make().fault == "");
    reference = lesson.state();
  });
  // A faulty step that begins with a kept state, one that begins with a sent state, and one with the zero state.
  for (const bool kept : {true, false})
    train(3, [&](Lesson& lesson) {
      const std::string name = "layers.2.experts.6.weight_1";
      Bytes weight(8 * 6 * sizeof(float));
      const auto make_faulty = [&] {
        fetch_from_rank(lesson.ranks, name, 2, weight);
        Bytes spoilt = weight;
        std::memset(spoilt.data(), 0xff, sizeof(float));
        store_on_ranks(lesson.ranks, name, 2, spoilt);
        CHECK(!lesson.make().applied);
        store_on_ranks(lesson.ranks, name, 2, weight);
        --lesson.step;
      };
      make_faulty();
      REQUIRE(lesson.make().fault == "");
      REQUIRE(lesson.make().fault == "");
      if (!kept) CHECK(lesson.state() == reference);
      make_faulty();
      CHECK(lesson.state() == reference);
    });
}

TEST_CASE("the carried state travels only when it must", "[ranks]") {
  constexpr double kStates = 3 * (kBytesOfLane + 3 * kBytesOfStream);  // of three ranks with a lane of three streams
  const SentCounts sent = train(4, [](Lesson& lesson) {
    const double input = lesson.sent_states();  // of a step from the zero state
    CHECK(lesson.sent_states() == input);
    CHECK(lesson.sent_states() == input);
    lesson.state();
    CHECK(lesson.sent_states() == input + kStates);
    CHECK(lesson.sent_states() == input);
    lesson.learner.carried().reset(kStreams);
    CHECK(lesson.sent_states() == input);
    CHECK(lesson.sent_states() == input);
    const Sequence fewer(std::vector<Index>{8, 8, 8});
    const double of_fewer = lesson.sent_states(fewer);
    CHECK(lesson.sent_states(fewer) == of_fewer - 3 * (kBytesOfLane + 2 * kBytesOfStream));
  });
  // Collected once on demand and once for other lanes; each time every rank tells every other how long its message is.
  CHECK(sent.bytes.at(Phase::carried_states) == 2 * (kStates + 4 * 3 * 8));
}
