// run/config.json and run/tokenizer.json: what a run is, apart from its checkpoints.
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
#include "io/json.hpp"

namespace moelm {

inline constexpr const char* kConfigFile = "config.json";

/// The data of a run: known by the checksum of index.json, found by one of two paths.
struct RunData {
  std::string directory;  ///< from the root
  std::string beside;     ///< from the run's folder, for a run that is moved together with its data
  std::string sha256;
  Index vocabulary = 0;
  std::string tokenizer_sha256;
};

/// Where the first weights of a run come from: `random` its seed, `init` the weights of another run's checkpoint,
/// `resume` all of such a checkpoint.
enum class OriginKind { random, init, resume };

template <>
struct EnumNames<OriginKind> {
  static constexpr std::array<std::pair<std::string_view, OriginKind>, 3> values = {
      {{"random", OriginKind::random}, {"init", OriginKind::init}, {"resume", OriginKind::resume}}};
};

struct RunOrigin {
  OriginKind kind = OriginKind::random;
  std::string path;             ///< the run or checkpoint that was named, from the root
  std::string checkpoint;       ///< the one that was taken; "" until it is
  std::string manifest_sha256;  ///< of its manifest
};

/// A run as its config.json tells it.
struct StoredRun {
  RunConfig config;
  RunData data;
  RunOrigin origin;
  std::string identity;          ///< what its checkpoints know it by; "" before it is written
  bool has_checkpoints = false;  ///< whether one was ever saved: then training never begins anew
  std::string checksum;          ///< of the config.json that it was read from; "" for a run not yet begun
};

/// Whether a folder holds a run (its config.json).
bool run_exists(const std::string& run);

/// Reads run/config.json. Error(missing_input) where there is none, Error(bad_data) where a byte of it was changed,
/// Error(bad_config) where it is of another version or does not fit.
StoredRun read_run(const std::string& run);

/// A run to be begun in the folder `run`, which need not exist yet.
StoredRun new_run(const std::string& run, const RunConfig& config, const Dataset& data, const RunOrigin& origin = {});

/// Writes tokenizer.json and, last, config.json of a run that is begun, and gives it its identity. The folder is there.
void create_run(const std::string& run, StoredRun& stored, const Dataset& data, FileSystem& fs = real_file_system());

/// Writes config.json again, after a value that may change did.
void write_run_config(const std::string& run, StoredRun& stored, FileSystem& fs = real_file_system());

/// Error(bad_data) where a folder without config.json holds what only a run has: results, metrics or checkpoints.
void require_no_traces(const std::string& run);

/// Error(bad_data) where a run without checkpoints had some: config.json, LATEST, BEST or result.json tell.
void require_none_lost(const std::string& run, const StoredRun& stored);

/// The run's vocabulary, proven to be the one that its config.json knows.
std::shared_ptr<const Tokenizer> read_run_tokenizer(const std::string& run, const StoredRun& stored);

/// Error(bad_config) unless state.json of a checkpoint names the run.
void require_own_checkpoint(const std::string& checkpoint, const Json& state, const std::string& run,
                            const StoredRun& stored);

/// The checkpoints of a run's folder that are another run's, a line each. What cannot be read is left to others.
std::vector<std::string> foreign_checkpoints(const std::string& run, const StoredRun& stored);

/// The folder of the run that a path names: itself, or of RUN/checkpoints/step-... RUN.
std::string run_of_path(const std::string& path);

/// A run's config.json as a configuration alone, without what it knows beside; other documents as they are.
Json without_run_keys(Json document);

}  // namespace moelm
