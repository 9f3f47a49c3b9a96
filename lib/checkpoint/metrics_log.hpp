// metrics.jsonl: one JSON object per line, appended during training, cut back to the checkpoint when a run resumes.
#pragma once

#include <functional>
#include <string>

#include "base/index.hpp"
#include "io/checksum.hpp"
#include "io/file.hpp"
#include "io/json.hpp"

namespace moelm {

/// The length of the log when a checkpoint was made. It is part of the checkpoint.
struct MetricsPosition {
  Index bytes = 0;
  std::string sha256;  ///< of those bytes
};

/// The log, in the process that holds the run's lock. Not thread-safe.
class MetricsLog {
 public:
  /// Opens RUN/metrics.jsonl, and creates it if needed. Lines after `position` were written after the checkpoint that
  /// is resumed; they are moved durably to RUN/metrics.discarded-STEP.jsonl. If the log is not the one that the
  /// checkpoint knew (shorter, or edited), all whole lines stay, a torn last line is moved, and warning() says so.
  static MetricsLog open(const std::string& run, const MetricsPosition& position, Index step,
                         FileSystem& fs = real_file_system());

  /// Appends one object as one line with one write. NaN and infinities become strings. A line that cannot be written
  /// (if the disk is full) stays in memory and is written together with the next one; trouble() says why. Error only if
  /// more than 64 MiB wait.
  void write(const Json& object);
  /// Why lines wait in memory, or "".
  const std::string& trouble() const { return trouble_; }
  /// Makes all lines durable, those in memory included, or throws. Call it before saving a checkpoint with position().
  /// After a failed sync, the next one writes the whole log into a new file, because the old file cannot be trusted.
  void sync();
  /// The end of the lines written so far.
  MetricsPosition position() const { return {bytes_, sum_.so_far()}; }
  /// "" if the log was the one that the checkpoint knew.
  const std::string& warning() const { return warning_; }

 private:
  MetricsLog(const std::string& run, FileSystem& fs) : run_(run), fs_(&fs) {}
  void flush();
  void renew();

  std::string run_;
  FileSystem* fs_;
  File file_;
  Index bytes_ = 0;
  Sha256 sum_;
  std::string warning_, waiting_, trouble_;
  bool torn_ = false;        // the file may end with a part of the waiting lines
  bool distrusted_ = false;  // a sync failed, so the contents on disk are unknown
};

/// Calls `take` with every object of a log, in order. A torn last line is ignored. Error(bad_data) with the line number
/// for any other line that is not an object. Works while the log is being written.
void for_each_metric(const std::string& path, const std::function<void(const Json&)>& take,
                     FileSystem& fs = real_file_system());

}  // namespace moelm
