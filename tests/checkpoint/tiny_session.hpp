// One session of a run, as training does it: lock, open, log, save a tiny checkpoint.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "checkpoint/checkpoint_store.hpp"
#include "checkpoint/metrics_log.hpp"
#include "checkpoint/run_lock.hpp"
#include "checkpoint/tiny_checkpoint.hpp"

namespace moelm {

/// Opens the log of a run that resumes from the found checkpoint.
inline MetricsLog open_tiny_log(const std::string& run, const FoundCheckpoint& found, FileSystem& files) {
  if (!found.checkpoint) return MetricsLog::open(run, {}, 0, files);
  const Json& metrics = found.checkpoint->state().at("metrics");
  return MetricsLog::open(run, {metrics["bytes"].get<Index>(), metrics["sha256"].get<std::string>()},
                          found.checkpoint->step(), files);
}

/// The outcome of a session.
struct TinySession {
  bool promised = false;  ///< the save was reported as durable
  Exit exit = Exit::ok;
  std::string error;
  std::vector<std::string> warnings;
};

/// Resumes from the newest checkpoint, logs three lines, saves a step, and keeps only it and the best.
inline TinySession tiny_session(FileSystem& files, const std::string& run, Index step,
                                const std::function<void()>& before_save = {}, bool best = true) {
  TinySession session;
  try {
    make_directories(run, files);
    const RunLock lock = RunLock::acquire(run, RunLock::Foreign::refuse, files);
    CheckpointStore store(run, files);
    const FoundCheckpoint found = store.resume();
    session.warnings = found.warnings;
    MetricsLog log = open_tiny_log(run, found, files);
    for (int i = 0; i < 3; ++i) log.write({{"step", step}, {"line", i}});
    if (before_save) before_save();
    log.sync();
    const TinyCheckpoint tiny(step);
    CheckpointContents contents = tiny.contents();
    contents.state["metrics"] = {{"bytes", log.position().bytes}, {"sha256", log.position().sha256}};
    const SavedCheckpoint saved = store.save(contents, {best, 1});
    session.promised = true;
    session.warnings.insert(session.warnings.end(), saved.warnings.begin(), saved.warnings.end());
  } catch (const Error& error) {
    session.exit = error.exit();
    session.error = error.what();
  }
  return session;
}

/// Temporary names that a process left in a run's folders.
inline std::vector<std::string> left_behind(FileSystem& files, const std::string& run) {
  std::vector<std::string> names;
  for (const std::string& folder : {run, join_path(run, "checkpoints")})
    for (const std::string& name : list_directory(folder, files))
      if (name.rfind(".tmp", 0) == 0) names.push_back(name);
  return names;
}

}  // namespace moelm
