// Messages between the ranks that work on one model together (section 3.1 of the paper). A rank is a process under MPI,
// or a thread of this process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace moelm {

/// What a message is for. Sender and receiver name the same phase, so a mismatch is noticed before wrong bytes are
/// read.
enum class Phase : int {
  start,
  order,
  batch,
  expert_counts,
  expert_rows,
  expert_outputs,
  expert_gradients,
  expert_dinputs,
  routing_sums,
  gradient_slices,
  gradient_sums,
  row_gradients,
  faults,
  weights_written,
  carried_states,
  tensor,
  end
};

std::string_view phase_name(Phase phase);

struct Outgoing {
  int to;
  std::span<const std::byte> bytes;
};

struct Incoming {
  int from;
  std::span<std::byte> bytes;
};

/// Messages of one phase, to be sent and received at the same time.
struct Messages {
  Phase phase;
  std::vector<Outgoing> sends;
  std::vector<Incoming> receives;
};

/// Messages on their way while the rank computes. The memory that they are sent from and received into belongs to them
/// until wait() has returned. Without wait(), after an error, the destructor gives up all messages on their way; the
/// ranks then have to end.
class Transfer {
 public:
  Transfer() = default;
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
  virtual ~Transfer() = default;

  /// Returns when all have arrived. REQUIRES that the communicator still exists. Called once.
  virtual void wait() = 0;
};

/// One rank's connection to the others. All ranks make the same calls in the same order. Not thread-safe.
class Communicator {
 public:
  Communicator() = default;
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;
  virtual ~Communicator() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;

  /// Sends and receives all of these at the same time and returns when all are done. Both ends know the size of a
  /// message; several between two ranks are received in the order in which they are sent. Throws if the ranks lost step
  /// or one of them is gone.
  virtual void exchange(Phase phase, std::span<const Outgoing> sends, std::span<const Incoming> receives) = 0;

  /// Begins to send and receive, and returns. When these messages have arrived, `then` is called, perhaps by another
  /// thread, and the messages that it returns follow. All ranks start their transfers in the same order. Unless a rank
  /// can compute while messages travel, all have arrived on return.
  virtual std::unique_ptr<Transfer> start(Messages messages, std::function<Messages()> then);

  bool leads() const { return rank() == 0; }

  /// The name of this rank's machine.
  virtual std::string machine() const { return {}; }
  /// How long an exchange may wait for the others, where something watches it.
  virtual void set_patience(double) {}
  /// The step that is being made, for messages.
  virtual void note_step(std::int64_t) {}
  /// Ends all ranks at once, without waiting for them.
  [[noreturn]] virtual void end_all(int code) = 0;

  /// True inside an operation of all ranks. A rank that fails inside one must end all ranks. For a follower it is true
  /// until the leader sends the end.
  bool is_together() const { return together_; }
  void set_together(bool together) { together_ = together; }

 private:
  bool together_ = false;
};

/// Marks an operation of all ranks, which the leader has ordered, for as long as this exists. After an exception the
/// mark stays.
class Together {
 public:
  explicit Together(Communicator* ranks);
  ~Together();
  Together(const Together&) = delete;
  Together& operator=(const Together&) = delete;

 private:
  Communicator* ranks_;  ///< nullptr: there is one rank
  int exceptions_;
};

}  // namespace moelm
