#include "dist/mpi_ranks.hpp"

#include <mpi.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "base/error.hpp"
#include "dist/transfer_queue.hpp"
#include "dist/watchdog.hpp"

namespace moelm {

namespace {

using Clock = std::chrono::steady_clock;

/// MPI counts with int; larger messages go in pieces.
constexpr std::size_t kPiece = std::size_t{1} << 30;

std::string name_of_machine() {
  std::array<char, MPI_MAX_PROCESSOR_NAME> name{};
  int length = 0;
  MPI_Get_processor_name(name.data(), &length);
  return {name.data(), static_cast<std::size_t>(length)};
}

template <class T, class Visit>
void in_pieces(std::span<T> bytes, Visit&& visit) {
  for (; !bytes.empty(); bytes = bytes.subspan(std::min(kPiece, bytes.size())))
    visit(bytes.first(std::min(kPiece, bytes.size())));
}

/// Requests that are not done yet.
class Requests {
 public:
  void post(std::span<const Outgoing> sends, std::span<const Incoming> receives, int tag) {
    requests_.clear();
    peers_.clear();
    for (const Incoming& receive : receives)
      in_pieces(receive.bytes, [&](std::span<std::byte> piece) {
        MPI_Irecv(piece.data(), static_cast<int>(piece.size()), MPI_BYTE, receive.from, tag, MPI_COMM_WORLD,
                  add(receive.from));
      });
    for (const Outgoing& send : sends)
      in_pieces(send.bytes, [&](std::span<const std::byte> piece) {
        MPI_Isend(piece.data(), static_cast<int>(piece.size()), MPI_BYTE, send.to, tag, MPI_COMM_WORLD, add(send.to));
      });
    left_ = requests_.size();
  }

  /// Returns whether another one is done now.
  bool test() {
    if (left_ == 0) return false;
    done_.resize(requests_.size());
    int count = 0;
    MPI_Testsome(static_cast<int>(requests_.size()), requests_.data(), &count, done_.data(), MPI_STATUSES_IGNORE);
    if (count <= 0) return false;
    left_ -= static_cast<std::size_t>(count);
    for (int i = 0; i < count; ++i) peers_[static_cast<std::size_t>(done_[static_cast<std::size_t>(i)])] = -1;
    return true;
  }

  bool all_done() const { return left_ == 0; }
  /// The ranks of the requests; -1: done.
  const std::vector<int>& peers() const { return peers_; }

 private:
  MPI_Request* add(int peer) {
    peers_.push_back(peer);
    return &requests_.emplace_back(MPI_REQUEST_NULL);
  }

  std::vector<MPI_Request> requests_;
  std::vector<int> peers_, done_;
  std::size_t left_ = 0;
};

using Queue = TransferQueue<Requests>;

class MpiTransfer final : public Transfer {
 public:
  MpiTransfer(Queue& queue, Watchdog& watchdog, std::shared_ptr<Queue::Entry> entry)
      : queue_(queue), watchdog_(watchdog), entry_(std::move(entry)) {}
  ~MpiTransfer() override {
    if (!waited_) queue_.give_up();
  }
  void wait() override {
    queue_.wait(*entry_, watchdog_);
    waited_ = true;
  }

 private:
  Queue& queue_;
  Watchdog& watchdog_;
  std::shared_ptr<Queue::Entry> entry_;
  bool waited_ = false;
};

class MpiRank final : public Communicator {
 public:
  explicit MpiRank(const std::function<void(const std::string&)>& say) {
    int provided = 0;
    // Errors of the library end all ranks.
    if (MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &provided) != MPI_SUCCESS)
      throw Error(Exit::bad_config, "MPI: expected it to start, found that MPI_Init_thread failed");
    if (provided < MPI_THREAD_SERIALIZED)
      throw Error(Exit::bad_config,
                  "MPI: expected a library that several threads may call in turn "
                  "(MPI_THREAD_SERIALIZED), found one that only one thread may call");
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
    machine_ = name_of_machine();
    watchdog_.emplace("rank " + std::to_string(rank_) + " (" + machine_ + ")", say);
    transfers_.emplace(mpi_);
  }

  /// Leaves MPI if all ranks do; MPI_Finalize would wait for ever for one that does not.
  ~MpiRank() override {
    transfers_.reset();
    watchdog_.reset();
    if (!is_together()) MPI_Finalize();
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  std::string machine() const override { return machine_; }
  void set_patience(double seconds) override { watchdog_->set_patience(seconds); }
  void note_step(std::int64_t step) override { watchdog_->note_step(step); }

  void exchange(Phase phase, std::span<const Outgoing> sends, std::span<const Incoming> receives) override {
    {
      const std::lock_guard<std::mutex> lock(mpi_);
      requests_.post(sends, receives, static_cast<int>(phase));
    }
    wait_for_all(phase);
  }

  std::unique_ptr<Transfer> start(Messages messages, std::function<Messages()> then) override {
    return std::make_unique<MpiTransfer>(*transfers_, *watchdog_,
                                         transfers_->start(std::move(messages), std::move(then)));
  }

  [[noreturn]] void end_all(int code) override {
    const std::lock_guard<std::mutex> lock(mpi_);
    MPI_Abort(MPI_COMM_WORLD, code);
    _exit(code);
  }

 private:
  /// Looks again and again, and lets other threads and ranks have the processor: the libraries themselves would spin.
  void wait_for_all(Phase phase) {
    if (requests_.all_done()) return;
    const Watchdog::Wait wait(*watchdog_, phase);
    watchdog_->note_peers(requests_.peers());
    const auto begin = Clock::now();
    while (!requests_.all_done()) {
      bool moved = false;
      {
        const std::lock_guard<std::mutex> lock(mpi_);
        moved = requests_.test();
      }
      if (moved) {
        watchdog_->note_peers(requests_.peers());
        continue;
      }
      const auto waited = Clock::now() - begin;
      if (waited > std::chrono::milliseconds(2))
        std::this_thread::sleep_for(std::chrono::microseconds(50));
      else if (waited > std::chrono::microseconds(20))
        std::this_thread::yield();
    }
  }

  int rank_ = 0, size_ = 1;
  std::string machine_;
  std::mutex mpi_;  ///< held by whoever calls MPI
  Requests requests_;
  std::optional<Watchdog> watchdog_;
  std::optional<Queue> transfers_;
};

}  // namespace

std::string mpi_library() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  MPI_Get_library_version(text.data(), &length);
  // Open MPI: "Open MPI v4.1.4, package: ..."; MPICH: "MPICH Version:\t4.0.2\nMPICH Release date: ...".
  std::string version(text.data(), static_cast<std::size_t>(length));
  version.resize(std::min(version.size(), version.find_first_of(",\n")));
  std::replace(version.begin(), version.end(), '\t', ' ');
  return version;
}

std::unique_ptr<Communicator> start_mpi(const std::function<void(const std::string&)>& say) {
  return std::make_unique<MpiRank>(say);
}

}  // namespace moelm
