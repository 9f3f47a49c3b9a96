#include "batch/read_ahead.hpp"

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "base/threads.hpp"

namespace moelm {

namespace {

/// A batch, the result of next() and the position after it, or the exception that came instead.
struct MadeBatch {
  Batch batch;
  bool fresh = false;
  BatchPosition after;
  std::exception_ptr failure;
};

class ReadAhead final : public BatchSource {
 public:
  explicit ReadAhead(std::unique_ptr<BatchSource> inner)
      : inner_(std::move(inner)),
        batches_per_pass_(inner_->batches_per_pass()),
        streams_(inner_->streams()),
        position_(inner_->position()) {}
  ~ReadAhead() override { stop(); }

  bool next(Batch& batch) override {
    if (!thread_.joinable()) thread_ = start_thread("reading ahead", [this] { make_batches(); });
    std::unique_lock lock(mutex_);
    made_.wait(lock, [&] { return !ready_.empty(); });
    if (ready_.front().failure) std::rethrow_exception(ready_.front().failure);
    MadeBatch first = std::move(ready_.front());
    ready_.pop_front();
    rows_ -= first.batch.rows();
    const bool room = rows_ < wanted_;
    lock.unlock();
    if (room) taken_.notify_one();
    batch = std::move(first.batch);
    position_ = first.after;
    return first.fresh;
  }

  BatchPosition position() const override { return position_; }

  void seek(BatchPosition position) override {
    stop();
    inner_->seek(position);
    position_ = position;
  }

  Index batches_per_pass() const override { return batches_per_pass_; }
  Index streams() const override { return streams_; }

 private:
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    taken_.notify_one();
    if (thread_.joinable()) thread_.join();
    stopping_ = false;
    ready_.clear();
    rows_ = 0;
  }

  /// The work of the thread. Nothing else uses inner_ meanwhile.
  void make_batches() {
    while (wait_for_room()) {
      MadeBatch made = make();
      const bool failed = made.failure != nullptr;
      {
        const std::lock_guard lock(mutex_);
        rows_ += made.batch.rows();
        ready_.push_back(std::move(made));
      }
      made_.notify_one();
      if (failed) return;
    }
  }

  /// Once enough rows are ready, the thread sleeps until half of them are used. Waking for every batch would slow
  /// steps.
  bool wait_for_room() {
    std::unique_lock lock(mutex_);
    if (rows_ >= kRowsAhead) wanted_ = kRowsAhead / 2;
    taken_.wait(lock, [&] { return stopping_ || rows_ < wanted_; });
    wanted_ = kRowsAhead;
    return !stopping_;
  }

  MadeBatch make() {
    MadeBatch made;
    try {
      made.fresh = inner_->next(made.batch);
      made.after = inner_->position();
    } catch (...) {
      made.failure = std::current_exception();
    }
    return made;
  }

  std::unique_ptr<BatchSource> inner_;
  Index batches_per_pass_, streams_;
  BatchPosition position_;

  std::mutex mutex_;
  std::condition_variable made_, taken_;
  std::deque<MadeBatch> ready_;  // this and the next three are guarded by the mutex
  Index rows_ = 0, wanted_ = kRowsAhead;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<BatchSource> make_read_ahead(std::unique_ptr<BatchSource> inner) {
  return std::make_unique<ReadAhead>(std::move(inner));
}

}  // namespace moelm
