#include "dist/mpi_ranks.hpp"

#include <mpi.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

#include "base/check.hpp"
#include "base/error.hpp"
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

class MpiRank final : public Communicator {
 public:
  explicit MpiRank(const std::function<void(const std::string&)>& say) {
    int provided = 0;
    // One thread calls MPI. Errors of the library end all ranks.
    if (MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS)
      throw Error(Exit::bad_config, "MPI: expected it to start, found that MPI_Init_thread failed");
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
    machine_ = name_of_machine();
    watchdog_.emplace("rank " + std::to_string(rank_) + " (" + machine_ + ")", say);
  }

  /// Leaves MPI if all ranks do; MPI_Finalize would wait for ever for one that does not.
  ~MpiRank() override {
    watchdog_.reset();
    if (!is_together()) MPI_Finalize();
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  std::string machine() const override { return machine_; }
  void set_patience(double seconds) override { watchdog_->set_patience(seconds); }
  void note_step(std::int64_t step) override { watchdog_->note_step(step); }

  void exchange(Phase phase, std::span<const Outgoing> sends, std::span<const Incoming> receives) override {
    requests_.clear();
    peers_.clear();
    for (const Incoming& receive : receives)
      in_pieces(receive.bytes, [&](std::span<std::byte> piece) {
        MPI_Irecv(piece.data(), static_cast<int>(piece.size()), MPI_BYTE, receive.from, static_cast<int>(phase),
                  MPI_COMM_WORLD, add_request(receive.from));
      });
    for (const Outgoing& send : sends)
      in_pieces(send.bytes, [&](std::span<const std::byte> piece) {
        MPI_Isend(piece.data(), static_cast<int>(piece.size()), MPI_BYTE, send.to, static_cast<int>(phase),
                  MPI_COMM_WORLD, add_request(send.to));
      });
    wait_for_all(phase);
  }

  [[noreturn]] void end_all(int code) override {
    MPI_Abort(MPI_COMM_WORLD, code);
    _exit(code);
  }

 private:
  template <class T, class Visit>
  static void in_pieces(std::span<T> bytes, Visit&& visit) {
    for (; !bytes.empty(); bytes = bytes.subspan(std::min(kPiece, bytes.size())))
      visit(bytes.first(std::min(kPiece, bytes.size())));
  }

  MPI_Request* add_request(int peer) {
    peers_.push_back(peer);
    return &requests_.emplace_back(MPI_REQUEST_NULL);
  }

  /// Looks again and again, and lets other threads and ranks have the processor: the libraries themselves would spin.
  void wait_for_all(Phase phase) {
    if (requests_.empty()) return;
    const Watchdog::Wait wait(*watchdog_, phase);
    watchdog_->note_peers(peers_);
    const auto begin = Clock::now();
    std::vector<int> done(requests_.size());
    std::size_t left = requests_.size();
    while (left > 0) {
      int count = 0;
      MPI_Testsome(static_cast<int>(requests_.size()), requests_.data(), &count, done.data(), MPI_STATUSES_IGNORE);
      if (count > 0) {
        left -= static_cast<std::size_t>(count);
        for (int i = 0; i < count; ++i) peers_[static_cast<std::size_t>(done[static_cast<std::size_t>(i)])] = -1;
        watchdog_->note_peers(peers_);
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
  std::vector<MPI_Request> requests_;
  std::vector<int> peers_;  ///< of the requests; -1: done
  std::optional<Watchdog> watchdog_;
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
