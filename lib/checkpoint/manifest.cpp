#include "checkpoint/manifest.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>

#include "base/check.hpp"
#include "base/error.hpp"
#include "io/checksum.hpp"
#include "io/file.hpp"
#include "io/json.hpp"
#include "io/sealed_json.hpp"

namespace moelm {

namespace {

constexpr std::string_view kFormat = "moelm-checkpoint";
constexpr Index kVersion = 1;
constexpr Index kMaxManifestBytes = Index{1} << 20;
constexpr Index kMaxIndex = std::numeric_limits<Index>::max();
constexpr std::string_view kPrefix = "step-";
constexpr std::size_t kStepDigits = 12;

std::optional<Index> parse_digits(std::string_view digits) {
  Index value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || value < 0 || digits.front() == '-')
    return std::nullopt;
  return value;
}

ManifestFile read_file_entry(const JsonField& field) {
  refuse_unknown_keys(field, {"name", "bytes", "sha256", "resume_only"});
  ManifestFile file{field.at("name").text(), field.at("bytes").integer(0, kMaxIndex), field.at("sha256").text(), false};
  // Older manifests do not have this key.
  file.resume_only = field.has("resume_only") ? field.at("resume_only").boolean() : is_resume_only(file.name);
  if (!is_plain_name(file.name)) field.at("name").refuse("a plain file name");
  if (!is_sha256_hex(file.sha256)) field.at("sha256").refuse("64 hexadecimal digits");
  return file;
}

}  // namespace

std::string CheckpointName::text() const {
  std::string digits = std::to_string(step);
  ensure(step >= 0 && digits.size() <= kStepDigits, "a step has at most twelve digits");
  digits.insert(0, kStepDigits - digits.size(), '0');
  std::string name(kPrefix);
  name += digits;
  if (attempt > 0) name += "-" + std::to_string(attempt);
  return name;
}

std::optional<CheckpointName> CheckpointName::parse(std::string_view text) {
  if (text.size() < kPrefix.size() + kStepDigits || text.substr(0, kPrefix.size()) != kPrefix) return std::nullopt;
  const std::optional<Index> step = parse_digits(text.substr(kPrefix.size(), kStepDigits));
  if (!step) return std::nullopt;
  CheckpointName name{*step, 0};
  const std::string_view rest = text.substr(kPrefix.size() + kStepDigits);
  if (rest.empty()) return name;
  if (rest.size() < 2 || rest.size() > 10 || rest[0] != '-' || rest[1] == '0') return std::nullopt;
  const std::optional<Index> attempt = parse_digits(rest.substr(1));
  if (!attempt) return std::nullopt;
  name.attempt = *attempt;
  return name;
}

const ManifestFile* Manifest::find(std::string_view file) const {
  const auto found = std::find_if(files.begin(), files.end(), [&](const ManifestFile& f) { return f.name == file; });
  return found == files.end() ? nullptr : &*found;
}

bool is_resume_only(std::string_view file) { return file == kOptimizerFile || file == kCarriedFile; }

std::string manifest_text(const Manifest& manifest) {
  Json files = Json::array();
  for (const ManifestFile& f : manifest.files)
    files.push_back({{"name", f.name}, {"bytes", f.bytes}, {"sha256", f.sha256}, {"resume_only", f.resume_only}});
  const Json json = {{"format", kFormat},
                     {"version", kVersion},
                     {"name", manifest.name.text()},
                     {"step", manifest.name.step},
                     {"program", manifest.program},
                     {"best", manifest.best},
                     {"files", files}};
  return sealed_json_text(json);
}

Manifest parse_manifest(std::string_view text, const std::string& path) {
  const Json json = parse_sealed_json(text, path);
  const JsonField field(json, path);
  require_format(field, kFormat, kVersion, "an earlier moelm wrote it", Exit::bad_config);
  refuse_unknown_keys(field, {"format", "version", "name", "step", "program", "best", "files"});
  Manifest manifest;
  const auto name = CheckpointName::parse(field.at("name").text());
  if (!name || name->step != field.at("step").integer(0, kMaxIndex)) field.at("name").refuse("the name of the step");
  manifest.name = *name;
  manifest.program = field.at("program").text();
  manifest.best = field.at("best").text();
  if (!manifest.best.empty() && !CheckpointName::parse(manifest.best))
    field.at("best").refuse("the name of a checkpoint");
  const JsonField files = field.at("files");
  std::set<std::string> names;
  for (Index i = 0; i < files.size(); ++i) {
    manifest.files.push_back(read_file_entry(files.at(i)));
    if (!names.insert(manifest.files.back().name).second) files.at(i).refuse("each file once");
  }
  return manifest;
}

Manifest read_manifest(const std::string& directory, FileSystem& fs, std::string* sha256) {
  const std::string path = join_path(directory, kManifestFile);
  const std::string text = read_file(path, kMaxManifestBytes, Links::refuse, fs);
  if (sha256 != nullptr) *sha256 = sha256_hex(text);
  return parse_manifest(text, path);
}

std::vector<std::string> files_left_out(const std::string& directory, const Manifest& manifest, FileSystem& fs) {
  std::vector<std::string> names;
  for (const ManifestFile& file : manifest.files)
    if (file.resume_only && !path_exists(join_path(directory, file.name), fs)) names.push_back(file.name);
  return names;
}

File open_listed(const std::string& directory, const Manifest& manifest, const char* name, Checksum checksum,
                 FileSystem& fs) {
  const ManifestFile* listed = manifest.find(name);
  if (listed == nullptr)
    throw Error(Exit::bad_data, join_path(directory, kManifestFile) + ": files: expected " + name + ", found none");
  File file = File::open_read(join_path(directory, name), Links::refuse, fs);
  const Index size = file.size();
  if (size != listed->bytes)
    throw Error(Exit::bad_data, file.path() + ": size: expected " + std::to_string(listed->bytes) + " bytes, found " +
                                    std::to_string(size));
  const std::string sum = checksum == Checksum::compare ? sha256_of_file(file, size) : listed->sha256;
  if (sum != listed->sha256)
    throw Error(Exit::bad_data, file.path() + ": sha256: expected " + listed->sha256 + ", found " + sum);
  return file;
}

}  // namespace moelm
