#include "checkpoint/verify.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "checkpoint/checkpoint_names.hpp"
#include "checkpoint/faults.hpp"
#include "checkpoint/manifest.hpp"
#include "checkpoint/metrics_log.hpp"
#include "io/file_names.hpp"
#include "io/json.hpp"
#include "io/safetensors.hpp"

namespace moelm {

namespace {

// Reads every tensor, because reading refuses numbers that are not finite. At most one fault per tensor.
void check_tensors(Faults& faults, const SafetensorsFile& file) {
  constexpr Index kPiece = Index{1} << 17;
  std::string piece;
  for (const StoredTensor& tensor : file.tensors())
    collect_faults(faults, [&] {
      for (Index first = 0; first < tensor.elements(); first += kPiece) {
        const Index count = std::min(kPiece, tensor.elements() - first);
        piece.resize(count * tensor_type_bytes(tensor.type));
        file.read_part(tensor, first, count, piece.data());
      }
    });
}

void check_json(const std::string& path, FileSystem& fs) {
  const JsonLimits limits;
  parse_json(read_file(path, limits.bytes, Links::refuse, fs), path, limits);
}

Faults named_checkpoint_faults(const std::string& checkpoints, const CheckpointName& name, FileSystem& fs) {
  const std::string path = join_path(checkpoints, name.text());
  Faults found = checkpoint_faults(path, fs);
  if (found.empty())
    collect_faults(found, [&] {
      const CheckpointName written = read_manifest(path, fs).name;
      if (written != name) found.push_back(path + ": name: its manifest says " + written.text());
    });
  return path_exists(path, fs) ? found : Faults();  // it may have been pruned meanwhile
}

/// Faults that a second look finds too. Files that a training run is replacing, appending to or removing are not
/// faults.
template <class Look>
Faults lasting(const Look& look) {
  Faults first = look();
  if (first.empty()) return first;
  const Faults second = look();
  const auto gone = [&](const std::string& fault) {
    return std::find(second.begin(), second.end(), fault) == second.end();
  };
  first.erase(std::remove_if(first.begin(), first.end(), gone), first.end());
  return first;
}

}  // namespace

Faults checkpoint_faults(const std::string& directory, FileSystem& fs) {
  Faults faults;
  Manifest manifest;
  collect_faults(faults, [&] { manifest = read_manifest(directory, fs); });
  const bool is_listed = faults.empty();
  for (const char* name : kCheckpointFiles)
    collect_faults(faults, [&] {
      if (name == std::string_view(kManifestFile)) return;
      // Files for resuming may be missing.
      if (is_resume_only(name) && !path_exists(join_path(directory, name), fs)) return;
      // Without a manifest there are no checksums, but the format of the files can still be checked.
      File file = is_listed ? open_listed(directory, manifest, name, Checksum::compare, fs)
                            : File::open_read(join_path(directory, name), Links::refuse, fs);
      if (name == std::string_view(kStateFile))
        check_json(file.path(), fs);
      else
        check_tensors(faults, SafetensorsFile::open(std::move(file)));
    });
  collect_faults(faults, [&] {
    for (const std::string& name : list_directory(directory, fs))
      if (std::find(kCheckpointFiles.begin(), kCheckpointFiles.end(), name) == kCheckpointFiles.end())
        faults.push_back(join_path(directory, name) + ": expected no such file in a checkpoint");
  });
  return faults;
}

std::string checkpoint_note(const std::string& directory, FileSystem& fs) {
  try {
    std::string names;
    for (const std::string& name : files_left_out(directory, read_manifest(directory, fs), fs))
      names += (names.empty() ? "" : ", ") + name;
    if (names.empty()) return "";
    return directory + ": without " + names + ": good for evaluation, cannot be resumed";
  } catch (const Error&) {
    return "";  // checkpoint_faults() reports it
  }
}

Faults run_faults(const std::string& run, FileSystem& fs) {
  Faults faults;
  for (const char* name : {kResultFile, kMetricsFile})
    if (path_exists(join_path(run, name), fs))
      add_faults(faults, lasting([&] { return file_faults(join_path(run, name), fs); }));
  const std::string checkpoints = join_path(run, kCheckpointsDirectory);
  std::vector<CheckpointName> names;
  collect_faults(faults, [&] { names = checkpoint_names(checkpoints, fs); });
  for (const CheckpointName& name : names)
    add_faults(faults, lasting([&] { return named_checkpoint_faults(checkpoints, name, fs); }));
  if (leads_elsewhere(checkpoints, fs)) return faults;
  read_hint(checkpoints, kLatestHint, fs, faults);
  read_hint(checkpoints, kBestHint, fs, faults);
  return faults;
}

Faults run_notes(const std::string& run, FileSystem& fs) {
  Faults notes;
  const std::string checkpoints = join_path(run, kCheckpointsDirectory);
  if (leads_elsewhere(checkpoints, fs)) return notes;
  for (const CheckpointName& name : checkpoint_names(checkpoints, fs))
    if (const std::string note = checkpoint_note(join_path(checkpoints, name.text()), fs); !note.empty())
      notes.push_back(note);
  return notes;
}

Faults file_faults(const std::string& path, FileSystem& fs) {
  Faults faults;
  collect_faults(faults, [&] {
    const std::string_view name = path;
    if (name.ends_with(".safetensors"))
      check_tensors(faults, SafetensorsFile::open(path, fs));
    else if (name.ends_with(".json"))
      check_json(path, fs);
    else if (name.ends_with(".jsonl"))
      for_each_metric(
          path, [](const Json&) {}, fs);
    else
      throw Error(Exit::bad_data, path + ": expected a run, a checkpoint, data, .safetensors, .json or .jsonl");
  });
  return faults;
}

}  // namespace moelm
