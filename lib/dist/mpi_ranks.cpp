#include "dist/mpi_ranks.hpp"

#include <limits.h>
#include <mpi.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
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

/// Tag of the messages by which the leader shows that it is alive; other tags are phases.
constexpr int kSignOfLife = 31;
static_assert(static_cast<int>(Phase::end) < kSignOfLife);
/// So many signs in the time after which one who gives none is taken for dead.
constexpr double kSignsInPatience = 4;

/// Seconds for all ranks to start: launchers begin them one machine after another.
constexpr double kStart = 120;
/// Then, until the configuration says how many.
constexpr double kPatience = 60;

std::string name_of_machine() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  gethostname(name.data(), name.size() - 1);
  return name.data();
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
  explicit MpiRank(const std::function<void(const std::string&)>& say)
      : machine_(name_of_machine()), watchdog_("a rank on " + machine_, say, [this] { look(); }) {
    const std::lock_guard<std::mutex> lock(library_);
    watchdog_.set_patience(kStart);
    const Watchdog::Wait wait(watchdog_, Phase::start);
    int provided = 0;
    // One thread at a time calls MPI: the watchdog's gives the leader's signs of life while the other one reads, saves
    // or computes. Errors of the library end all ranks.
    if (MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &provided) != MPI_SUCCESS)
      throw Error(Exit::bad_config, "MPI: expected it to start, found that MPI_Init_thread failed");
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
    watchdog_.set_name("rank " + std::to_string(rank_) + " (" + machine_ + ")");
    set_patience(kPatience);
    // A library that allows one thread only gives the same answer on all ranks.
    if (provided < MPI_THREAD_SERIALIZED) return;
    if (rank_ > 0) watchdog_.expect_signs_of_life();
    if (rank_ == 0) signs_.assign(static_cast<std::size_t>(size_), MPI_REQUEST_NULL);
    transfers_.emplace(library_);
  }

  /// Leaves MPI if all ranks do; MPI_Finalize would wait for ever for one that does not.
  ~MpiRank() override {
    transfers_.reset();
    const std::lock_guard<std::mutex> lock(library_);
    if (!is_together()) {
      const Watchdog::Wait wait(watchdog_, Phase::end);
      receive_signs_of_life();
      for (MPI_Request& sign : signs_)
        if (sign != MPI_REQUEST_NULL) MPI_Request_free(&sign);
      MPI_Finalize();
    }
    signs_.clear();
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  std::string machine() const override { return machine_; }
  void set_patience(double seconds) override {
    patience_ = seconds;
    watchdog_.set_patience(seconds);
  }
  void note_step(std::int64_t step) override { watchdog_.note_step(step); }

  void exchange(Phase phase, std::span<const Outgoing> sends, std::span<const Incoming> receives) override {
    {
      const std::lock_guard<std::mutex> lock(library_);
      requests_.post(sends, receives, static_cast<int>(phase));
    }
    wait_for_all(phase);
  }

  std::unique_ptr<Transfer> start(Messages messages, std::function<Messages()> then) override {
    if (!transfers_) return Communicator::start(std::move(messages), std::move(then));
    return std::make_unique<MpiTransfer>(*transfers_, watchdog_,
                                         transfers_->start(std::move(messages), std::move(then)));
  }

  [[noreturn]] void end_all(int code) override {
    const std::lock_guard<std::mutex> lock(library_);
    MPI_Abort(MPI_COMM_WORLD, code);
    _exit(code);
  }

 private:
  /// Looks again and again, and lets other threads and ranks have the processor: the libraries themselves would spin.
  void wait_for_all(Phase phase) {
    if (requests_.all_done()) return;
    const Watchdog::Wait wait(watchdog_, phase);
    watchdog_.note_peers(requests_.peers());
    const auto begin = Clock::now();
    while (!requests_.all_done()) {
      if (test()) {
        watchdog_.note_peers(requests_.peers());
        continue;
      }
      const auto waited = Clock::now() - begin;
      if (waited > std::chrono::milliseconds(2)) {
        exchange_signs_of_life(phase);
        std::this_thread::sleep_for(std::chrono::microseconds(50));
      } else if (waited > std::chrono::microseconds(20))
        std::this_thread::yield();
    }
  }

  bool test() {
    const std::lock_guard<std::mutex> lock(library_);
    return requests_.test();
  }

  void exchange_signs_of_life(Phase phase) {
    const std::lock_guard<std::mutex> lock(library_);
    if (!signs_.empty()) give_sign_of_life();
    if (phase == Phase::order && rank_ > 0 && receive_signs_of_life()) watchdog_.note_sign_of_life();
  }

  /// What the watchdog's thread does now and then.
  void look() {
    const std::unique_lock<std::mutex> lock(library_, std::try_to_lock);
    if (lock.owns_lock() && !signs_.empty()) give_sign_of_life();
  }

  /// Sends one if the last ones are old enough and have arrived. Whoever calls has the library.
  void give_sign_of_life() {
    const std::chrono::duration<double> old = Clock::now() - last_sign_;
    if (old.count() < patience_ / kSignsInPatience) return;
    int arrived = 0;
    MPI_Testall(static_cast<int>(signs_.size()), signs_.data(), &arrived, MPI_STATUSES_IGNORE);
    if (arrived == 0) return;
    last_sign_ = Clock::now();
    for (int r = 1; r < size_; ++r)
      MPI_Isend(nullptr, 0, MPI_BYTE, r, kSignOfLife, MPI_COMM_WORLD, &signs_[static_cast<std::size_t>(r)]);
  }

  /// Takes all that came; whether any did.
  static bool receive_signs_of_life() {
    for (bool any = false;; any = true) {
      int came = 0;
      MPI_Iprobe(0, kSignOfLife, MPI_COMM_WORLD, &came, MPI_STATUS_IGNORE);
      if (came == 0) return any;
      MPI_Recv(nullptr, 0, MPI_BYTE, 0, kSignOfLife, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    }
  }

  int rank_ = 0, size_ = 1;
  std::mutex library_;              ///< held by the thread that calls MPI
  std::vector<MPI_Request> signs_;  ///< of life, to each rank; empty where none are given
  std::atomic<double> patience_ = kPatience;
  Clock::time_point last_sign_ = Clock::now();
  std::string machine_;
  Requests requests_;
  Watchdog watchdog_;               ///< its thread uses what stands before it
  std::optional<Queue> transfers_;  ///< empty where only one thread may call MPI
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
