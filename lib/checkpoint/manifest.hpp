// The list of a checkpoint's files with sizes and checksums, protected by its own checksum.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/index.hpp"
#include "io/file.hpp"
#include "io/file_names.hpp"

namespace moelm {

/// The name of a checkpoint's directory: "step-NNNNNNNNNNNN", with "-A" if the name was taken. Ordered by age.
struct CheckpointName {
  static constexpr Index kMaxStep = 999'999'999'999;
  static constexpr Index kMaxAttempt = 999'999'999;

  Index step = 0;
  Index attempt = 0;

  std::string text() const;
  /// Returns nothing unless `text` is exactly such a name.
  static std::optional<CheckpointName> parse(std::string_view text);
  auto operator<=>(const CheckpointName&) const = default;
};

struct ManifestFile {
  std::string name;
  Index bytes = 0;
  std::string sha256;
  bool resume_only = false;  ///< needed for resuming; may be missing for evaluation
};

/// MANIFEST.json, the file that makes a directory a checkpoint.
struct Manifest {
  CheckpointName name;
  std::string best;     ///< the run's best checkpoint when this one was made (possibly itself), or ""
  std::string program;  ///< version that wrote it
  std::vector<ManifestFile> files;

  /// nullptr if it is not listed.
  const ManifestFile* find(std::string_view file) const;
};

/// Whether only resuming needs a file of that name.
bool is_resume_only(std::string_view file);

/// As sealed JSON.
std::string manifest_text(const Manifest& manifest);

/// Reads such a text. Errors name it `path`: Error(bad_data) for any changed, missing or added byte, Error(bad_config)
/// for a format of a later version.
Manifest parse_manifest(std::string_view text, const std::string& path);

/// Reads the manifest in a checkpoint's directory. `sha256`, if given, receives the checksum of its text.
Manifest read_manifest(const std::string& directory, FileSystem& fs, std::string* sha256 = nullptr);

/// The files for resuming that are listed but missing.
std::vector<std::string> files_left_out(const std::string& directory, const Manifest& manifest, FileSystem& fs);

/// Whether the checksum of a file is compared with the manifest, which reads the whole file.
enum class Checksum { compare, trust };

/// Opens a file of a checkpoint. Error(bad_data) unless it is listed and has the listed size and checksum.
File open_listed(const std::string& directory, const Manifest& manifest, const char* name, Checksum checksum,
                 FileSystem& fs);

}  // namespace moelm
