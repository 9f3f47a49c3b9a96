#include "run/run_folder.hpp"

#include "base/error.hpp"
#include "base/version.hpp"
#include "checkpoint/checkpoint_finder.hpp"
#include "checkpoint/checkpoint_names.hpp"
#include "io/absolute_path.hpp"
#include "io/checksum.hpp"
#include "io/file.hpp"
#include "io/json.hpp"
#include "io/sealed_json.hpp"
#include "options/config_json.hpp"
#include "options/run_schedule.hpp"
#include "run/run_data.hpp"
#include "tokenizer/tokenizer_file.hpp"

namespace moelm {

namespace {

constexpr std::string_view kFormat = "moelm-run";
constexpr Index kVersion = 1;
constexpr const char* kRunKeys[] = {"format",   "version", "program", "run",     "has_checkpoints",
                                    "schedule", "data",    "origin",  "checksum"};

std::string config_path(const std::string& run) { return join_path(run, kConfigFile); }

Json run_document(const StoredRun& stored) {
  const RunData& data = stored.data;
  Json document = {{"format", kFormat},
                   {"version", kVersion},
                   {"program", std::string("moelm ") + version()},
                   {"run", stored.identity},
                   {"has_checkpoints", stored.has_checkpoints}};
  document.update(config_json(stored.config));
  document["schedule"] = schedule_json(schedule_of(stored.config));
  document["data"] = {{"directory", data.directory},
                      {"beside", data.beside},
                      {"index_sha256", data.sha256},
                      {"vocabulary", data.vocabulary},
                      {"tokenizer_sha256", data.tokenizer_sha256}};
  document["origin"] = {{"kind", enum_name(stored.origin.kind)},
                        {"path", stored.origin.path},
                        {"checkpoint", stored.origin.checkpoint},
                        {"manifest_sha256", stored.origin.manifest_sha256}};
  return document;
}

/// A checksum of everything that decides what a new run trains. The locations of its inputs do not count.
std::string identity_of(const StoredRun& stored) {
  Json parts = {{"config", config_json(stored.config)},
                {"program", version()},
                {"data", stored.data.sha256},
                {"tokenizer", stored.data.tokenizer_sha256},
                {"origin", enum_name(stored.origin.kind)},
                {"weights", stored.origin.manifest_sha256}};
  return sha256_hex(json_text(parts));
}

std::string checksum_of(const JsonField& field) {
  if (!is_sha256_hex(field.text())) field.refuse("64 hexadecimal digits");
  return field.text();
}

RunData read_data(const JsonField& data) {
  refuse_unknown_keys(data, {"directory", "beside", "index_sha256", "vocabulary", "tokenizer_sha256"});
  return {data.at("directory").text(), data.at("beside").text(), checksum_of(data.at("index_sha256")),
          data.at("vocabulary").integer(1, Index{1} << 31), checksum_of(data.at("tokenizer_sha256"))};
}

RunOrigin read_origin(const JsonField& field) {
  refuse_unknown_keys(field, {"kind", "path", "checkpoint", "manifest_sha256"});
  RunOrigin origin{field.at("kind").choice<OriginKind>(), field.at("path").text(), field.at("checkpoint").text(), ""};
  if (origin.kind != OriginKind::random) origin.manifest_sha256 = checksum_of(field.at("manifest_sha256"));
  return origin;
}

/// Parses config.json and checks its checksum.
Json parse_run_document(const std::string& text, const std::string& path) {
  const Json document = parse_json(text, path);
  if (document.is_object() && !document.contains("format") && !document.contains("checksum"))
    throw Error(Exit::bad_config,
                path + ": version: expected " + std::to_string(kVersion) +
                    ", found none; it was written before the first release of moelm, or is not a run: train again");
  parse_sealed_json(text, path);
  const JsonField root(document, path);
  require_format(root, kFormat, kVersion, "an earlier moelm wrote it: train again", Exit::bad_config);
  return document;
}

void write_config(const std::string& run, StoredRun& stored, FileSystem& fs) {
  const std::string text = sealed_json_text(run_document(stored), SealedLayout::indented);
  const std::string sum = sha256_hex(text);
  if (sum == stored.checksum) return;
  write_file_atomic(config_path(run), text, fs);
  stored.checksum = sum;
}

bool exists_with_contents(const std::string& path) {
  return path_exists(path) && (is_directory(path, Links::refuse) || File::open_read(path).size() > 0);
}

}  // namespace

bool run_exists(const std::string& run) { return path_exists(config_path(run)); }

StoredRun read_run(const std::string& run) {
  const std::string path = config_path(run);
  const std::string text = read_file(path, JsonLimits{}.bytes, Links::refuse);
  Json document = parse_run_document(text, path);
  const JsonField root(document, path);
  StoredRun stored;
  stored.data = read_data(root.at("data"));
  stored.origin = read_origin(root.at("origin"));
  stored.identity = checksum_of(root.at("run"));
  stored.has_checkpoints = root.at("has_checkpoints").boolean();
  stored.checksum = sha256_hex(text);
  const Schedule schedule = read_schedule(root.at("schedule"));
  ConfigDraft draft;
  apply_document(without_run_keys(document), path, draft);
  validate(draft.config);
  stored.config = std::move(draft.config);
  stored.config.schedule = schedule;
  return stored;
}

StoredRun new_run(const std::string& run, const RunConfig& config, const Dataset& data, const RunOrigin& origin) {
  StoredRun stored;
  stored.config = config;
  stored.origin = origin;
  stored.data.sha256 = data.checksum();
  stored.data.vocabulary = data.tokenizer().vocabulary_size();
  stored.data.tokenizer_sha256 = data.tokenizer_files().sha256();
  set_data_directory(run, data.directory(), stored.data);
  return stored;
}

void create_run(const std::string& run, StoredRun& stored, const Dataset& data, FileSystem& fs) {
  for (const auto& [name, text] : data.tokenizer_files().by_name()) {
    const std::string path = join_path(run, name);
    if (!path_exists(path, fs))
      write_file_atomic(path, text, fs);
    else if (read_file(path, static_cast<Index>(text.size()), Links::refuse, fs) != text)
      throw Error(Exit::cannot_create, path +
                                           ": expected no vocabulary in the folder of a new run, found one that "
                                           "is not that of the data; remove it, or use another --out");
  }
  stored.identity = identity_of(stored);
  // Last, because config.json makes the folder a run.
  write_config(run, stored, fs);
}

void write_run_config(const std::string& run, StoredRun& stored, FileSystem& fs) { write_config(run, stored, fs); }

void require_no_traces(const std::string& run) {
  if (run_exists(run)) return;
  const std::string checkpoints = join_path(run, kCheckpointsDirectory);
  std::vector<std::string> traces = {join_path(checkpoints, kLatestHint), join_path(checkpoints, kBestHint),
                                     join_path(run, kResultFile), join_path(run, kMetricsFile)};
  for (const CheckpointName& name : checkpoint_names(checkpoints, real_file_system()))
    traces.push_back(join_path(checkpoints, name.text()));
  for (const std::string& trace : traces)
    if (exists_with_contents(trace))
      throw Error(Exit::bad_data, config_path(run) + ": expected a run's configuration beside " + trace +
                                      ", found none; put it back, or use another --out");
}

void require_none_lost(const std::string& run, const StoredRun& stored) {
  const std::string checkpoints = join_path(run, kCheckpointsDirectory);
  std::string evidence = stored.has_checkpoints ? "has_checkpoints in config.json" : "";
  for (const std::string& path :
       {join_path(checkpoints, kLatestHint), join_path(checkpoints, kBestHint), join_path(run, kResultFile)})
    if (evidence.empty() && path_exists(path)) evidence = path;
  if (evidence.empty() || !checkpoint_names(checkpoints, real_file_system()).empty()) return;
  throw Error(Exit::bad_data, checkpoints + ": expected a checkpoint, because of " + evidence +
                                  ", found none; put one back, or start again with another --out");
}

std::shared_ptr<const Tokenizer> read_run_tokenizer(const std::string& run, const StoredRun& stored) {
  std::shared_ptr<const Tokenizer> tokenizer = load_known_tokenizer(run, stored.data.tokenizer_sha256, kConfigFile);
  if (tokenizer->vocabulary_size() != stored.data.vocabulary)
    throw Error(Exit::bad_config, join_path(run, kTokenizerFile) + ": vocabulary: expected " +
                                      std::to_string(stored.data.vocabulary) + " as in config.json, found " +
                                      std::to_string(tokenizer->vocabulary_size()));
  return tokenizer;
}

void require_own_checkpoint(const std::string& checkpoint, const Json& state, const std::string& run,
                            const StoredRun& stored) {
  const auto found = state.find("run");
  if (found != state.end() && *found == stored.identity) return;
  throw Error(Exit::bad_config, join_path(checkpoint, kStateFile) + ": run: expected " + stored.identity + " as in " +
                                    config_path(run) + ", found " +
                                    (found == state.end() ? "none" : excerpt(json_text(*found), 70)) +
                                    "; the checkpoint belongs to another run: move it away");
}

std::vector<std::string> foreign_checkpoints(const std::string& run, const StoredRun& stored) {
  std::vector<std::string> faults;
  const std::string checkpoints = join_path(run, kCheckpointsDirectory);
  for (const CheckpointName& name : checkpoint_names(checkpoints, real_file_system())) {
    const std::string path = join_path(checkpoints, name.text());
    if (leads_elsewhere(path)) continue;
    Json state;
    try {
      state = read_checkpoint_state(path);
    } catch (const Error&) {
      continue;  // damaged or just removed: opening it reports that
    }
    try {
      require_own_checkpoint(path, state, run, stored);
    } catch (const Error& error) {
      faults.emplace_back(error.what());
    }
  }
  return faults;
}

std::string run_of_path(const std::string& path) {
  return is_checkpoint(path) ? parent_path(parent_path(absolute_path(path))) : path;
}

Json without_run_keys(Json document) {
  if (!document.is_object() || !document.contains("format") || document["format"] != kFormat) return document;
  for (const char* key : kRunKeys) document.erase(key);
  return document;
}

}  // namespace moelm
