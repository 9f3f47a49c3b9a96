// metrics.jsonl: one JSON object a line, appended while training, wound back to a checkpoint on resuming.
#pragma once

#include <functional>
#include <string>

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

  /// Appends one object as one line by one write; NaN and infinities become strings. A line that cannot be written (the
  /// disk is full) stays in memory and is written with the next one, never a part of it alone; trouble() says why.
  /// Error only where more than 64 MiB wait.
  void write(const Json& object);
  /// Why lines wait in memory, "" if none does.
  const std::string& trouble() const { return trouble_; }
  /// Makes all lines durable, those in memory included, or throws; to be called before the checkpoint that stores
  /// position(). After a failed sync the next one writes the whole log into a new file, since the old one's can no
  /// longer be trusted.
  void sync();
  /// Where the lines written so far end.
  MetricsPosition position() const { return {bytes_, sum_.so_far()}; }
  /// "" if the log continued exactly where the checkpoint was made.
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
  bool torn_ = false;        // the file may end with a part of what waits
  bool distrusted_ = false;  // a sync failed: what the disk holds is not known
};

/// Calls `take` with every object of a log, in order; a torn last line is left out. Anything else that is not an object
/// a line is Error(bad_data) with the number of the line. Works while the log is being written.
void for_each_metric(const std::string& path, const std::function<void(const Json&)>& take,
                     FileSystem& fs = real_file_system());

}  // namespace moelm
