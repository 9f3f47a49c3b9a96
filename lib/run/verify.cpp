#include "run/verify.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "io/json.hpp"
#include "io/safetensors.hpp"
#include "run/checkpoint_names.hpp"
#include "run/manifest.hpp"
#include "run/metrics_log.hpp"

namespace moelm {

namespace {

using Faults = std::vector<std::string>;

template <class Check>
void collect(Faults& faults, const Check& check) {
  try {
    check();
  } catch (const Error& error) {
    faults.push_back(error.what());
  }
}

void add(Faults& faults, const Faults& more) { faults.insert(faults.end(), more.begin(), more.end()); }

// Reads every tensor, for reading refuses what is not finite; one fault a tensor.
void check_tensors(Faults& faults, const SafetensorsFile& file) {
  constexpr Index kPiece = Index{1} << 17;
  std::string piece;
  for (const StoredTensor& tensor : file.tensors())
    collect(faults, [&] {
      for (Index first = 0; first < tensor.elements(); first += kPiece) {
        const Index count = std::min(kPiece, tensor.elements() - first);
        piece.resize(static_cast<std::size_t>(count * tensor_type_bytes(tensor.type)));
        file.read_part(tensor, first, count, piece.data());
      }
    });
}

void check_json(const std::string& path, FileSystem& fs) {
  const JsonLimits limits;
  parse_json(read_file(path, limits.bytes, Links::refuse, fs), path, limits);
}

}  // namespace

Faults checkpoint_faults(const std::string& directory, FileSystem& fs) {
  Faults faults;
  Manifest manifest;
  collect(faults, [&] { manifest = read_manifest(directory, fs); });
  const bool is_listed = faults.empty();
  constexpr std::array kFiles = {kModelFile, kOptimizerFile, kCarriedFile, kStateFile};
  for (const char* name : kFiles)
    collect(faults, [&] {
      // Without a manifest there are no checksums to compare, but what is no tensor or JSON file still shows.
      File file = is_listed ? open_listed(directory, manifest, name, Checksum::compare, fs)
                            : File::open_read(join_path(directory, name), Links::refuse, fs);
      if (name == std::string_view(kStateFile))
        check_json(file.path(), fs);
      else
        check_tensors(faults, SafetensorsFile::open(std::move(file)));
    });
  collect(faults, [&] {
    for (const std::string& name : list_directory(directory, fs))
      if (name != kManifestFile && std::find(kFiles.begin(), kFiles.end(), name) == kFiles.end())
        faults.push_back(join_path(directory, name) + ": expected no such file in a checkpoint");
  });
  return faults;
}

Faults run_faults(const std::string& run, FileSystem& fs) {
  Faults faults;
  for (const char* name : {"result.json", "metrics.jsonl"})
    if (path_exists(join_path(run, name), fs)) add(faults, file_faults(join_path(run, name), fs));
  const std::string checkpoints = join_path(run, kCheckpointsDirectory);
  for (const CheckpointName& name : checkpoint_names(checkpoints, fs)) {
    const std::string path = join_path(checkpoints, name.text());
    Faults found = checkpoint_faults(path, fs);
    if (found.empty())
      collect(found, [&] {
        const CheckpointName written = read_manifest(path, fs).name;
        if (written != name) found.push_back(path + ": name: its manifest says " + written.text());
      });
    if (path_exists(path, fs)) add(faults, found);  // else pruned while we looked
  }
  read_hint(checkpoints, kLatestHint, fs, faults);
  read_hint(checkpoints, kBestHint, fs, faults);
  return faults;
}

Faults file_faults(const std::string& path, FileSystem& fs) {
  Faults faults;
  collect(faults, [&] {
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
