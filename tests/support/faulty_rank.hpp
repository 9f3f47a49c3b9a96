// A communicator that spoils what a rank receives in one phase: bugs of an exchange, planted.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "dist/communicator.hpp"

namespace moelm {

/// The rank behind it does the work.
class FaultyRank final : public Communicator {
 public:
  /// Changes the messages that have arrived, those without bytes left out.
  using Fault = std::function<void(std::vector<std::span<std::byte>>&)>;

  FaultyRank(Communicator& rank, Phase phase, Fault fault) : rank_(rank), phase_(phase), fault_(std::move(fault)) {}

  int rank() const override { return rank_.rank(); }
  int size() const override { return rank_.size(); }
  std::string machine() const override { return rank_.machine(); }
  [[noreturn]] void end_all(int) override { throw std::logic_error("ranks of one process end by an exception"); }

  void exchange(Phase phase, std::span<const Outgoing> sends, std::span<const Incoming> receives) override {
    rank_.exchange(phase, sends, receives);
    spoil(phase, receives);
  }

  std::unique_ptr<Transfer> start(Messages messages, std::function<Messages()> then) override {
    auto transfer = std::make_unique<Spoiling>();
    const std::vector<Incoming> first = messages.receives;
    const Phase phase = messages.phase;
    Spoiling* const last = transfer.get();
    if (!then) {
      last->after = [this, phase, first] { spoil(phase, first); };
      transfer->inner = rank_.start(std::move(messages), {});
      return transfer;
    }
    transfer->inner = rank_.start(std::move(messages), [this, phase, first, last, then = std::move(then)] {
      spoil(phase, first);
      Messages sums = then();
      last->after = [this, phase = sums.phase, receives = sums.receives] { spoil(phase, receives); };
      return sums;
    });
    return transfer;
  }

 private:
  struct Spoiling final : Transfer {
    std::unique_ptr<Transfer> inner;
    std::function<void()> after;
    void wait() override {
      inner->wait();
      if (after) after();
    }
  };

  void spoil(Phase phase, std::span<const Incoming> receives) {
    if (phase != phase_) return;
    std::vector<std::span<std::byte>> messages;
    for (const Incoming& receive : receives)
      if (!receive.bytes.empty()) messages.push_back(receive.bytes);
    if (!messages.empty()) fault_(messages);
  }

  Communicator& rank_;
  Phase phase_;
  Fault fault_;
};

}  // namespace moelm
