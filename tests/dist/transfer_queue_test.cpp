// Messages that travel beside the work, with a library that answers when the test lets it.
#include "dist/transfer_queue.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "support/catch.hpp"

using namespace moelm;

namespace {

/// What the library has sent: tags in the order in which they were posted.
struct Library {
  std::atomic<int> open_until{0};  ///< posts below this number are done when somebody looks
  std::atomic<int> posts{0};
  std::vector<int> tags;
};

Library* library = nullptr;

class Requests {
 public:
  void post(std::span<const Outgoing>, std::span<const Incoming> receives, int tag) {
    number_ = library->posts++;
    library->tags.push_back(tag);
    done_ = receives.empty();
    peers_.clear();
    for (const Incoming& receive : receives) peers_.push_back(receive.from);
    receives_.assign(receives.begin(), receives.end());
  }
  bool test() {
    if (done_ || number_ >= library->open_until) return false;
    for (const Incoming& receive : receives_) std::fill(receive.bytes.begin(), receive.bytes.end(), std::byte(number_));
    return done_ = true;
  }
  bool all_done() const { return done_; }
  const std::vector<int>& peers() const { return peers_; }

 private:
  int number_ = 0;
  bool done_ = false;
  std::vector<int> peers_;
  std::vector<Incoming> receives_;
};

struct Fixture {
  Fixture() { library = &answers; }
  Library answers;
  std::mutex mutex;
  Watchdog watchdog{"rank 0", [](const std::string&) {}};
  TransferQueue<Requests> queue{mutex};
};

TEST_CASE_METHOD(Fixture, "messages arrive beside the work, and those that follow are made of them") {
  std::vector<std::byte> first(4), second(4);
  std::atomic<bool> called{false};
  const auto entry = queue.start({Phase::gradient_slices, {}, {{1, first}}}, [&] {
    // By now the first messages are here.
    called = first[0] == std::byte(0) && first[3] == std::byte(0);
    return Messages{Phase::gradient_sums, {}, {{1, second}}};
  });
  std::fill(first.begin(), first.end(), std::byte(0xff));
  answers.open_until = 2;
  queue.wait(*entry, watchdog);
  REQUIRE(called);
  REQUIRE(second == std::vector<std::byte>(4, std::byte(1)));
}

TEST_CASE_METHOD(Fixture, "several transfers of one phase have tags of their own, equal on all ranks") {
  std::vector<std::byte> memory(3);
  std::vector<std::shared_ptr<TransferQueue<Requests>::Entry>> entries;
  for (std::size_t i = 0; i < 3; ++i)
    entries.push_back(queue.start({Phase::gradient_slices, {}, {{1, std::span(memory).subspan(i, 1)}}}, {}));
  answers.open_until = 3;
  // They may be waited for in any order.
  for (std::size_t i = entries.size(); i-- > 0;) queue.wait(*entries[i], watchdog);
  REQUIRE(memory == std::vector<std::byte>{std::byte(0), std::byte(1), std::byte(2)});
  REQUIRE(answers.tags.size() == 3);
  REQUIRE(answers.tags[0] != answers.tags[1]);
  REQUIRE(answers.tags[1] != answers.tags[2]);
  for (const int tag : answers.tags) REQUIRE(tag > static_cast<int>(Phase::tensor));
}

TEST_CASE_METHOD(Fixture, "a transfer without messages has arrived when it is waited for") {
  const auto entry = queue.start({Phase::row_gradients, {}, {}}, {});
  queue.wait(*entry, watchdog);
  REQUIRE(entry->arrived);
}

TEST_CASE_METHOD(Fixture, "nothing is received once transfers are given up") {
  std::vector<std::byte> memory(2, std::byte(7));
  queue.start({Phase::gradient_slices, {}, {{1, memory}}}, {});
  queue.give_up();
  answers.open_until = 1;
  const auto later = queue.start({Phase::row_gradients, {}, {}}, {});
  queue.wait(*later, watchdog);
  REQUIRE(memory == std::vector<std::byte>(2, std::byte(7)));
}

}  // namespace
