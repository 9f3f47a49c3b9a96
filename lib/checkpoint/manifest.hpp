// The list of a checkpoint's files with sizes and checksums, protected by a checksum of its own.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/index.hpp"
#include "io/file.hpp"

namespace moelm {

/// The files of a checkpoint.
inline constexpr const char* kModelFile = "model.safetensors";
inline constexpr const char* kOptimizerFile = "optimizer.safetensors";
inline constexpr const char* kCarriedFile = "state.safetensors";
inline constexpr const char* kStateFile = "state.json";
inline constexpr const char* kManifestFile = "MANIFEST.json";
inline constexpr std::array kCheckpointFiles = {kModelFile, kOptimizerFile, kCarriedFile, kStateFile, kManifestFile};

/// The name of a checkpoint's directory: "step-NNNNNNNNNNNN", with "-A" if the name was taken. Ordered by age.
struct CheckpointName {
  static constexpr Index kMostStep = 999'999'999'999;
  static constexpr Index kMostAttempt = 999'999'999;

  Index step = 0;
  Index attempt = 0;

  std::string text() const;
  /// Nothing unless `text` is exactly such a name.
  static std::optional<CheckpointName> parse(std::string_view text);
  auto operator<=>(const CheckpointName&) const = default;
};

struct ManifestFile {
  std::string name;
  Index bytes = 0;
  std::string sha256;
  bool resume_only = false;  ///< training goes on from it; who only evaluates may leave it out
};

/// MANIFEST.json, the file that makes a directory a checkpoint.
struct Manifest {
  CheckpointName name;
  std::string best;     ///< the run's best checkpoint when this one was made (itself, perhaps); "" for none
  std::string program;  ///< version that wrote it
  std::vector<ManifestFile> files;

  /// nullptr if it is not listed.
  const ManifestFile* find(std::string_view file) const;
};

/// Whether a file of that name is needed for resuming only.
bool is_resume_only(std::string_view file);

/// As sealed JSON.
std::string manifest_text(const Manifest& manifest);

/// Reads such text; `path` is what errors call it. Any changed, missing or added byte is Error(bad_data); a format of a
/// later version is Error(bad_config).
Manifest parse_manifest(std::string_view text, const std::string& path);

/// The manifest of a checkpoint's directory; `sha256`, if given, receives the checksum of its text.
Manifest read_manifest(const std::string& directory, FileSystem& fs, std::string* sha256 = nullptr);

/// Files that are listed for resuming only and are not there: the checkpoint was slimmed.
std::vector<std::string> files_left_out(const std::string& directory, const Manifest& manifest, FileSystem& fs);

/// Whether the checksum of a file is compared with the manifest's, which reads all of it.
enum class Checksum { compare, trust };

/// Opens a file of a checkpoint. Error(bad_data) unless it is listed and has the listed size and checksum.
File open_listed(const std::string& directory, const Manifest& manifest, const char* name, Checksum checksum,
                 FileSystem& fs);

}  // namespace moelm
