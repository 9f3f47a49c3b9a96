#include "run/verify_path.hpp"

#include <cerrno>
#include <functional>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "checkpoint/checkpoint_finder.hpp"
#include "checkpoint/checkpoint_names.hpp"
#include "checkpoint/faults.hpp"
#include "checkpoint/verify.hpp"
#include "data/dataset.hpp"
#include "data/path_kind.hpp"
#include "io/file.hpp"
#include "io/json.hpp"
#include "run/run_folder.hpp"
#include "tokenizer/hugging_face_reader.hpp"
#include "tokenizer/tokenizer_file.hpp"

namespace moelm {

namespace {

bool has(const std::string& directory, std::string_view name) { return path_exists(join_path(directory, name)); }

Faults whole_run_faults(const std::string& run) {
  Faults faults = run_faults(run);
  std::optional<StoredRun> stored;
  collect_faults(faults, [&] { stored = read_run(run); });
  if (!stored) {
    collect_faults(faults, [&] { load_tokenizer(run); });
    return faults;
  }
  collect_faults(faults, [&] { read_run_tokenizer(run, *stored); });
  collect_faults(faults, [&] { add_faults(faults, foreign_checkpoints(run, *stored)); });
  collect_faults(faults, [&] { require_none_lost(run, *stored); });
  return faults;
}

/// A checkpoint has to belong to the run that holds it.
Faults partner_faults(const std::string& checkpoint) {
  Faults faults;
  const std::string run = run_of_path(checkpoint);
  if (!run_exists(run)) return faults;
  collect_faults(faults,
                 [&] { require_own_checkpoint(checkpoint, read_checkpoint_state(checkpoint), run, read_run(run)); });
  return faults;
}

Faults whole_checkpoint_faults(const std::string& checkpoint) {
  Faults faults = checkpoint_faults(checkpoint);
  if (faults.empty()) add_faults(faults, partner_faults(checkpoint));
  return faults;
}

bool is_run(const std::string& path) {
  for (const char* name : {kConfigFile, kCheckpointsDirectory, kMetricsFile, kResultFile})
    if (has(path, name)) return true;
  return false;
}

// A file whose checksum is in another file of its folder is checked together with the folder.
VerifiedPath verify_file(const std::string& path) {
  VerifiedPath result{path, "file", {}, {}};
  const std::string folder = parent_path(path);
  const std::string name = path.substr(path.find_last_of('/') + 1);
  if (has(folder, kManifestFile))
    result.faults = checkpoint_faults(folder);
  else if (name == kIndexFile || name.ends_with(".shard"))
    result.faults = verify_dataset(folder);
  else if (name == kConfigFile)
    collect_faults(result.faults, [&] { read_run(folder); });
  else if ((name == kTokenizerFile || name == kVocabularyFile) && run_exists(folder))
    collect_faults(result.faults, [&] { read_run_tokenizer(folder, read_run(folder)); });
  else if (name == kTokenizerFile)
    collect_faults(result.faults, [&] { load_tokenizer(path); });
  else if (name == kVocabularyFile && has(folder, kTokenizerFile))
    collect_faults(result.faults, [&] { load_tokenizer(folder); });
  else
    result.faults = file_faults(path);
  return result;
}

VerifiedPath verify_checkpoint(const std::string& path) {
  VerifiedPath result{path, "checkpoint", whole_checkpoint_faults(path), {}};
  if (!result.faults.empty() && !path_exists(path))
    throw Error(Exit::missing_input, path + ": was removed while it was checked; the run goes on without it");
  if (const std::string note = checkpoint_note(path); !note.empty()) result.notes.push_back(note);
  return result;
}

/// What moe-export wrote has no checksums.
VerifiedPath verify_export(const std::string& path) {
  VerifiedPath result{path, "exported model", file_faults(join_path(path, kModelFile)), {}};
  result.notes.push_back("it has no checksums, so only the form of its files was verified");
  collect_faults(result.faults, [&] {
    const std::string tokenizer = join_path(path, kTokenizerFile);
    parse_hugging_face(read_file(tokenizer, JsonLimits{}.bytes, Links::refuse), tokenizer);
  });
  collect_faults(result.faults, [&] { read_json(join_path(path, kConfigFile), {}, Links::refuse); });
  return result;
}

}  // namespace

VerifiedPath verify_path(const std::string& path) {
  if (!path_exists(path)) throw_errno(ENOENT, Exit::missing_input, path, "open");
  if (!is_directory(path)) return verify_file(path);
  if (path_kind(path) == PathKind::exported) return verify_export(path);
  if (is_checkpoint(path)) return verify_checkpoint(path);
  if (is_run(path)) return {path, "run", whole_run_faults(path), run_notes(path)};
  if (has(path, kIndexFile) || has(path, kTokenizerFile)) return {path, "data", verify_dataset(path), {}};
  return {path,
          "unknown",
          {path + ": expected a run, a checkpoint or a data folder, found " + describe(path_kind(path)) +
           (path_kind(path) == PathKind::checkpoints ? "; give the run" : " without their files")},
          {}};
}

}  // namespace moelm
