#include "dist/local_ranks.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "dist/collectives.hpp"

namespace moelm {

namespace {

class Alone final : public Communicator {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  void exchange(Phase, std::span<const Outgoing> sends, std::span<const Incoming> receives) override {
    ensure(sends.empty() && receives.empty(), "a rank sends nothing to itself");
  }
  [[noreturn]] void end_all(int) override { throw std::logic_error("there are no other ranks"); }
};

struct Letter {
  Phase phase;
  Bytes bytes;
};

/// The letters on their way between all ranks.
class Mail {
 public:
  explicit Mail(int ranks) : ranks_(ranks), boxes_(static_cast<std::size_t>(ranks * ranks)) {}

  int ranks() const { return ranks_; }

  void send(int from, int to, Letter letter) {
    const std::lock_guard<std::mutex> lock(mutex_);
    box(from, to).push_back(std::move(letter));
    arrived_.notify_all();
  }

  Letter receive(int from, int to) {
    std::unique_lock<std::mutex> lock(mutex_);
    arrived_.wait(lock, [&] { return failed_ || !box(from, to).empty(); });
    if (box(from, to).empty()) throw std::runtime_error("rank " + std::to_string(to) + ": another rank failed");
    Letter letter = std::move(box(from, to).front());
    box(from, to).pop_front();
    return letter;
  }

  void fail(std::exception_ptr error) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!failed_) first_ = std::move(error);
    failed_ = true;
    arrived_.notify_all();
  }

  std::exception_ptr first_failure() const { return first_; }

 private:
  std::deque<Letter>& box(int from, int to) { return boxes_[static_cast<std::size_t>(from * ranks_ + to)]; }

  int ranks_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<std::deque<Letter>> boxes_;
  bool failed_ = false;
  std::exception_ptr first_;
};

/// Messages that arrived when they were started. Like messages that take long, they show what was received in wait(),
/// and what is sent must not change until then.
class CheckedTransfer final : public Transfer {
 public:
  void wait() override {
    for (const auto& [sent, copy] : sent_)
      if (!std::equal(sent.begin(), sent.end(), copy.begin()))
        throw std::logic_error("a message was changed on its way");
    for (const auto& [memory, bytes] : received_) std::copy(bytes.begin(), bytes.end(), memory.begin());
  }

  void keep_sent(const Messages& messages) {
    for (const Outgoing& send : messages.sends)
      sent_.emplace_back(send.bytes, Bytes(send.bytes.begin(), send.bytes.end()));
  }

  /// Hides what came behind numbers that are not finite.
  void keep_received(const Messages& messages) {
    for (const Incoming& receive : messages.receives) {
      received_.emplace_back(receive.bytes, Bytes(receive.bytes.begin(), receive.bytes.end()));
      std::memset(receive.bytes.data(), 0xff, receive.bytes.size());
    }
  }

 private:
  std::vector<std::pair<std::span<const std::byte>, Bytes>> sent_;
  std::vector<std::pair<std::span<std::byte>, Bytes>> received_;
};

class LocalRank final : public Communicator {
 public:
  LocalRank(Mail& mail, int rank) : mail_(mail), rank_(rank) {}
  int rank() const override { return rank_; }
  int size() const override { return mail_.ranks(); }

  void exchange(Phase phase, std::span<const Outgoing> sends, std::span<const Incoming> receives) override {
    for (const Outgoing& send : sends) mail_.send(rank_, send.to, {phase, Bytes(send.bytes.begin(), send.bytes.end())});
    for (const Incoming& receive : receives) {
      const Letter letter = mail_.receive(receive.from, rank_);
      if (letter.phase != phase || letter.bytes.size() != receive.bytes.size())
        throw std::logic_error("rank " + std::to_string(rank_) + ": expected " + std::to_string(receive.bytes.size()) +
                               " bytes of \"" + std::string(phase_name(phase)) + "\" from rank " +
                               std::to_string(receive.from) + ", found " + std::to_string(letter.bytes.size()) +
                               " of \"" + std::string(phase_name(letter.phase)) + "\"");
      std::copy(letter.bytes.begin(), letter.bytes.end(), receive.bytes.begin());
    }
  }

  std::unique_ptr<Transfer> start(Messages messages, std::function<Messages()> then) override {
    auto transfer = std::make_unique<CheckedTransfer>();
    exchange(messages.phase, messages.sends, messages.receives);
    transfer->keep_sent(messages);
    if (then) {
      const Messages last = then();
      exchange(last.phase, last.sends, last.receives);
      transfer->keep_sent(last);
      transfer->keep_received(last);
    } else {
      transfer->keep_received(messages);
    }
    return transfer;
  }

  [[noreturn]] void end_all(int) override { throw std::logic_error("ranks of one process end by an exception"); }

 private:
  Mail& mail_;
  int rank_;
};

}  // namespace

Communicator& alone() {
  static Alone communicator;
  return communicator;
}

void run_local_ranks(int ranks, const std::function<void(Communicator&)>& work) {
  Mail mail(ranks);
  std::vector<std::thread> threads;
  for (int r = 0; r < ranks; ++r)
    threads.emplace_back([&, r] {
      try {
        LocalRank own(mail, r);
        work(own);
      } catch (...) {
        mail.fail(std::current_exception());
      }
    });
  for (std::thread& thread : threads) thread.join();
  if (mail.first_failure()) std::rethrow_exception(mail.first_failure());
}

}  // namespace moelm
