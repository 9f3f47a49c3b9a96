// The event files of a run: what TensorBoard shows, written beside metrics.jsonl.
#pragma once

#include <functional>
#include <string>

#include "io/file.hpp"
#include "io/json.hpp"

namespace moelm {

/// Writes RUN/events.out.tfevents.SECONDS.HOST.PROCESS.0, which is created with the first record. A process that goes
/// on with a run writes a file of its own, whose name sorts behind the earlier ones, so that a torn record at the end
/// of one file hides nothing. These files are for looking: nothing is read back from them, and trouble with them never
/// ends training. Not thread-safe.
class EventLog {
 public:
  /// `warn` is told once what went wrong. `fs` must outlive this.
  EventLog(std::string run, std::function<void(const std::string&)> warn, FileSystem& fs = real_file_system());

  /// Adds what a line of metrics.jsonl says.
  void write(const Json& line);

 private:
  void open(double seconds);
  void flush();

  std::string run_;
  std::function<void(const std::string&)> warn_;
  FileSystem* fs_;
  File file_;
  Index bytes_ = 0;      // of whole records
  std::string waiting_;  // records that could not be written yet
  bool torn_ = false;    // the file may end with a part of them
  bool warned_ = false;
};

}  // namespace moelm
