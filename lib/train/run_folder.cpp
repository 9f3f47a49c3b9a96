#include "train/run_folder.hpp"

#include "base/error.hpp"
#include "base/version.hpp"
#include "data/tokenizer_file.hpp"
#include "io/file.hpp"
#include "io/json.hpp"
#include "io/sealed_json.hpp"
#include "train/config_json.hpp"
#include "train/run_schedule.hpp"

namespace moelm {

namespace {

constexpr const char* kConfigFile = "config.json";

Json run_document(const RunConfig& config, const RunData& data) {
  Json document = config_json(config);
  document["schedule"] = schedule_json(schedule_of(config));
  document["data"] = {{"directory", data.directory}, {"index_sha256", data.sha256}, {"vocabulary", data.vocabulary}};
  document["version"] = version();
  return document;
}

}  // namespace

bool run_exists(const std::string& run) { return path_exists(join_path(run, kConfigFile)); }

StoredRun read_run(const std::string& run) {
  const std::string path = join_path(run, kConfigFile);
  Json document = read_json(path, {}, Links::refuse);
  const JsonField root(document, path);
  StoredRun stored;
  const JsonField data = root.at("data");
  refuse_unknown_keys(data, {"directory", "index_sha256", "vocabulary"});
  stored.data = {data.at("directory").text(), data.at("index_sha256").text(),
                 data.at("vocabulary").integer(1, Index{1} << 31)};
  Schedule schedule;
  if (root.has("schedule")) schedule = read_schedule(root.at("schedule"));
  document.erase("schedule");
  document.erase("data");
  document.erase("version");
  Settings settings;
  apply_document(document, path, settings);
  validate(settings.config);
  stored.config = std::move(settings.config);
  stored.config.schedule = schedule;
  return stored;
}

void create_run(const std::string& run, const RunConfig& config, const Dataset& data) {
  make_directories(run);
  write_file_atomic(join_path(run, kTokenizerFile), data.tokenizer_text());
  const RunData known{data.directory(), data.checksum(), data.tokenizer().vocabulary_size()};
  // Last, because its presence is what makes the folder a run.
  write_file_atomic(join_path(run, kConfigFile), json_text(run_document(config, known), 2) + "\n");
}

void write_run_config(const std::string& run, const StoredRun& stored) {
  write_file_atomic(join_path(run, kConfigFile), json_text(run_document(stored.config, stored.data), 2) + "\n");
}

void require_same_data(const std::string& run, const StoredRun& stored, const Dataset& data) {
  if (stored.data.sha256 == data.checksum()) return;
  throw Error(Exit::bad_config, run + "/config.json: data.index_sha256: expected " + stored.data.sha256 + ", found " +
                                    data.checksum() + " in " + data.directory() +
                                    "; a run continues on the data it was begun with");
}

}  // namespace moelm
