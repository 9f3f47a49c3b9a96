// run/config.json and the tokenizer beside it: a run without its checkpoints.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/option.hpp"
#include "config/train_config.hpp"
#include "data/dataset.hpp"
#include "io/file.hpp"
#include "io/file_names.hpp"
#include "io/json.hpp"

namespace moelm {

/// The data of a run. The checksum of index.json identifies them, and one of two paths leads to them.
struct RunData {
  std::string directory;  ///< absolute
  std::string beside;     ///< relative to the run's folder, for runs that are moved together with their data
  std::string sha256;     ///< of index.json
  Index vocabulary = 0;
  std::string tokenizer_sha256;
};

/// Where the initial weights of a run come from: `random`: its seed, `init`: the weights of another run's checkpoint,
/// `resume`: such a checkpoint with all its state.
enum class OriginKind { random, init, resume };

template <>
struct EnumNames<OriginKind> {
  static constexpr std::array<std::pair<std::string_view, OriginKind>, 3> values = {
      {{"random", OriginKind::random}, {"init", OriginKind::init}, {"resume", OriginKind::resume}}};
};

struct RunOrigin {
  OriginKind kind = OriginKind::random;
  std::string path;             ///< the run or checkpoint that the user named, absolute
  std::string checkpoint;       ///< the checkpoint that was used; "" until it is chosen
  std::string manifest_sha256;  ///< checksum of its manifest
};

/// The contents of config.json.
struct StoredRun {
  RunConfig config;
  RunData data;
  RunOrigin origin;
  std::string identity;          ///< names the run in its checkpoints; "" before config.json is written
  bool has_checkpoints = false;  ///< whether one was ever saved: then training never starts again from step 0
  std::string checksum;          ///< of the config.json that was read; "" for a run that has not begun
};

/// Whether a folder holds a run (its config.json).
bool run_exists(const std::string& run);

/// Reads run/config.json. Error(missing_input) if there is none, Error(bad_data) if a byte was changed,
/// Error(bad_config) for another version or a configuration that is not valid.
StoredRun read_run(const std::string& run);

/// A run that has not begun, in the folder `run`, which need not exist yet.
StoredRun new_run(const std::string& run, const RunConfig& config, const Dataset& data, const RunOrigin& origin = {});

/// Begins a run in an existing folder: sets its identity, writes the tokenizer and, last, config.json.
void create_run(const std::string& run, StoredRun& stored, const Dataset& data, FileSystem& fs = real_file_system());

/// Writes config.json again after a change of its values.
void write_run_config(const std::string& run, StoredRun& stored, FileSystem& fs = real_file_system());

/// Error(bad_data) if a folder without config.json holds results, metrics or checkpoints of a run.
void require_no_traces(const std::string& run);

/// Error(bad_data) if a run without checkpoints must have had some, by config.json, LATEST, BEST or result.json.
void require_none_lost(const std::string& run, const StoredRun& stored);

/// Reads the run's vocabulary and checks it against the checksum in config.json.
std::shared_ptr<const Tokenizer> read_run_tokenizer(const std::string& run, const StoredRun& stored);

/// Error(bad_config) unless state.json of a checkpoint (`state`) names the run.
void require_own_checkpoint(const std::string& checkpoint, const Json& state, const std::string& run,
                            const StoredRun& stored);

/// The checkpoints in a run's folder that belong to another run, one line each. Unreadable ones are skipped.
std::vector<std::string> foreign_checkpoints(const std::string& run, const StoredRun& stored);

/// The folder of the run that a path names. The path is that folder or RUN/checkpoints/step-....
std::string run_of_path(const std::string& path);

/// Removes the keys of a run's config.json that are not configuration. Returns any other document unchanged.
Json without_run_keys(Json document);

}  // namespace moelm
