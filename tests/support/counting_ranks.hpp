// A communicator that counts what a rank sends.
#pragma once

#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/index.hpp"
#include "dist/communicator.hpp"

namespace moelm {

/// What ranks have sent in each phase.
struct SentCounts {
  std::map<Phase, double> bytes, messages;
  double rows = 0;  ///< that were announced to the ranks of their experts

  void add(const SentCounts& other) {
    for (const auto& [phase, count] : other.bytes) bytes[phase] += count;
    for (const auto& [phase, count] : other.messages) messages[phase] += count;
    rows += other.rows;
  }
};

/// The rank behind it does the work.
class CountingRank final : public Communicator {
 public:
  explicit CountingRank(Communicator& rank) : rank_(rank) {}

  int rank() const override { return rank_.rank(); }
  int size() const override { return rank_.size(); }
  std::string machine() const override { return rank_.machine(); }
  [[noreturn]] void end_all(int) override { throw std::logic_error("ranks of one process end by an exception"); }

  void exchange(Phase phase, std::span<const Outgoing> sends, std::span<const Incoming> receives) override {
    for (const Outgoing& send : sends) count(phase, send);
    rank_.exchange(phase, sends, receives);
  }

  std::unique_ptr<Transfer> start(Messages messages, std::function<Messages()> then) override {
    for (const Outgoing& send : messages.sends) count(messages.phase, send);
    if (!then) return rank_.start(std::move(messages), {});
    return rank_.start(std::move(messages), [this, then = std::move(then)] {
      Messages last = then();
      for (const Outgoing& send : last.sends) count(last.phase, send);
      return last;
    });
  }

  /// REQUIRES that no transfer is under way.
  const SentCounts& sent() const { return sent_; }

 private:
  void count(Phase phase, const Outgoing& send) {
    sent_.bytes[phase] += static_cast<double>(send.bytes.size());
    sent_.messages[phase] += 1;
    if (phase != Phase::expert_counts) return;
    std::vector<Index> counts(send.bytes.size() / sizeof(Index));
    std::memcpy(counts.data(), send.bytes.data(), send.bytes.size());
    for (const Index of_expert : counts) sent_.rows += static_cast<double>(of_expert);
  }

  Communicator& rank_;
  SentCounts sent_;
};

}  // namespace moelm
