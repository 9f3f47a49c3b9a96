// metrics.jsonl: one JSON object a line, appended while training, wound back to a checkpoint on resuming.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "base/index.hpp"
#include "io/checksum.hpp"
#include "io/file.hpp"
#include "io/json.hpp"

namespace moelm {

/// How far the log went when a checkpoint was made; part of the checkpoint.
struct MetricsPosition {
  Index bytes = 0;
  std::string sha256;  ///< of those bytes
};

/// The log of the process that holds the run's lock. One thread at a time.
class MetricsLog {
 public:
  /// Opens RUN/metrics.jsonl, creating it if needed. What comes after `position`, written after the checkpoint that
  /// training goes on from, is first moved durably to RUN/metrics.discarded-STEP.jsonl. If the log is not the one that
  /// the checkpoint knew (shorter, or edited), all whole lines stay, a torn last one is moved, and warning() says so.
  static MetricsLog open(const std::string& run, const MetricsPosition& position, Index step,
                         FileSystem& fs = real_file_system());

  /// Appends one object as one line by one write; NaN and infinities become strings. After a failed write the line is
  /// taken back, so that the next one does not continue a half one.
  void write(const Json& object);
  /// Makes all lines durable; to be called before the checkpoint that stores position().
  void sync() { file_.data_sync(); }
  MetricsPosition position() const { return {bytes_, sum_.so_far()}; }
  /// "" if the log continued exactly where the checkpoint was made.
  const std::string& warning() const { return warning_; }

 private:
  MetricsLog(File file, Index bytes, Sha256 sum, std::string warning)
      : file_(std::move(file)), bytes_(bytes), sum_(std::move(sum)), warning_(std::move(warning)) {}

  File file_;
  Index bytes_;
  Sha256 sum_;
  std::string warning_;
};

/// Calls `take` with every object of a log, in order; a torn last line is left out. Anything else that is not an object
/// a line is Error(bad_data) with the number of the line. Works while the log is being written.
void for_each_metric(const std::string& path, const std::function<void(const Json&)>& take,
                     FileSystem& fs = real_file_system());

}  // namespace moelm
