#include "data/path_kind.hpp"

#include <filesystem>

#include "base/error.hpp"
#include "data/data_index.hpp"
#include "io/file.hpp"
#include "io/file_names.hpp"

namespace moelm {

namespace {

bool has(const std::string& folder, std::string_view name) { return path_exists(join_path(folder, name)); }

std::string found(const std::string& path, const std::string& expected) {
  return path + ": expected " + expected + ", found " + describe(path_kind(path));
}

/// How to pass a sentence, which was given in the place of a path.
std::string sentence_hint(const std::string& program) {
  if (program == "moe-stats") return "; for a sentence: --sentence '...'";
  return program == "moe-eval" ? "; to score a sentence: echo ... | moe-eval run/ -" : "";
}

/// What to give instead where a run is expected.
std::string run_hint(const std::string& path, const std::string& program, bool texts_follow) {
  switch (path_kind(path)) {
    case PathKind::data:
      return "; moe-train --data " + path + " --out run/ makes a run of it";
    case PathKind::checkpoints:
      return "; give the run, or one of them: " + program + " " + parent_path(path);
    case PathKind::exported:
      return "; moelm reads the run that it was exported from";
    case PathKind::file:
      if (const PathKind folder = path_kind(parent_path(path));
          folder == PathKind::run || folder == PathKind::checkpoint)
        return "; give its folder: " + program + " " + parent_path(path);
      return texts_follow ? "; the run comes first: " + program + " run/ " + path
                          : "; a run is the folder that moe-train --out made";
    case PathKind::nothing:
      return path.find(' ') == std::string::npos ? "" : sentence_hint(program);
    default:
      return "; a run has a config.json";
  }
}

}  // namespace

PathKind path_kind(const std::string& path) {
  if (!path_exists(path)) return PathKind::nothing;
  if (!is_directory(path)) return PathKind::file;
  if (has(path, kManifestFile)) return PathKind::checkpoint;
  if (has(path, kConfigFile) && has(path, kModelFile)) return PathKind::exported;
  if (has(path, kConfigFile) || has(path, kCheckpointsDirectory)) return PathKind::run;
  if (has(path, kIndexFile)) return PathKind::data;
  std::string trimmed = path;
  while (trimmed.size() > 1 && trimmed.back() == '/') trimmed.pop_back();
  return trimmed.substr(trimmed.rfind('/') + 1) == kCheckpointsDirectory ? PathKind::checkpoints : PathKind::folder;
}

std::string describe(PathKind kind) {
  switch (kind) {
    case PathKind::nothing:
      return "nothing of that name";
    case PathKind::file:
      return "a file";
    case PathKind::data:
      return "a data folder";
    case PathKind::run:
      return "a run";
    case PathKind::checkpoint:
      return "a checkpoint";
    case PathKind::checkpoints:
      return "the checkpoints of a run";
    case PathKind::exported:
      return "an exported model";
    case PathKind::folder:
      break;
  }
  return "another folder";
}

void require_run_path(const std::string& path, const std::string& program, bool texts_follow) {
  const PathKind kind = path_kind(path);
  if (kind == PathKind::run || kind == PathKind::checkpoint) return;
  throw Error(Exit::missing_input, found(path, "a run") + run_hint(path, program, texts_follow));
}

void require_data_path(const std::string& path) {
  if (has(path, kIndexFile)) return;
  const PathKind kind = path_kind(path);
  std::string hint;
  if (kind == PathKind::run || kind == PathKind::checkpoint || kind == PathKind::checkpoints)
    hint = "; its config.json names the data folder (data.directory)";
  if (kind == PathKind::file) hint = "; make one of it: moe-tokenize --train " + path + " --out data/";
  if (kind == PathKind::folder)
    hint = "; a data folder has an index.json, which moe-tokenize writes last: run it again if it was interrupted";
  throw Error(Exit::missing_input, found(path, "a data folder") + hint);
}

void require_text_path(const std::string& path, const std::string& program) {
  if (path == "-") return;
  const PathKind kind = path_kind(path);
  if (kind == PathKind::nothing && path.find(' ') != std::string::npos)
    throw Error(Exit::missing_input, found(path, "a text") + sentence_hint(program));
  if (kind == PathKind::nothing || kind == PathKind::file) return;
  const std::string scorer = program == "moe-stats" ? program : "moe-eval";  // others take no --data, or more inputs
  const std::string hint = kind == PathKind::data  ? "; to score a split of it: " + scorer + " run/ --data " + path
                           : kind == PathKind::run ? "; one run at a time"
                                                   : "";
  throw Error(Exit::bad_data, found(path, "a text") + hint);
}

void require_file_of_text(const std::string& path, const std::string& program) {
  if (path != "-") require_text_path(path, program);
  std::error_code unknown;  // said where it is opened
  const auto type = std::filesystem::status(path, unknown).type();
  using Type = std::filesystem::file_type;
  if (path == "-" || (!unknown && type != Type::regular && type != Type::not_found))
    throw Error(Exit::usage, path + ": expected a file, because each model reads the text, found a pipe or device");
}

}  // namespace moelm
