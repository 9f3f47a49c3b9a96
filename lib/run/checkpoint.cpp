#include "run/checkpoint.hpp"

#include <utility>

#include "base/check.hpp"
#include "base/error.hpp"
#include "io/checksum.hpp"
#include "io/file.hpp"

namespace moelm {

namespace {

/// What is hashed is what is parsed: the file is read once.
Json state_of(const std::string& directory, const Manifest& manifest, FileSystem& fs) {
  const File file = open_listed(directory, manifest, kStateFile, Checksum::trust, fs);
  const JsonLimits limits;
  const Index size = file.size();
  if (size > limits.bytes)
    throw Error(Exit::bad_data, file.path() + ": size: expected at most " + std::to_string(limits.bytes) +
                                    " bytes, found " + std::to_string(size));
  std::string text(static_cast<std::size_t>(size), '\0');
  file.read_at(0, text.data(), text.size());
  const std::string expected = manifest.find(kStateFile)->sha256, found = sha256_hex(text);
  if (found != expected)
    throw Error(Exit::bad_data, file.path() + ": sha256: expected " + expected + ", found " + found);
  Json json = parse_json(text, file.path(), limits);
  if (!json.is_object()) throw Error(Exit::bad_data, file.path() + ": expected an object");
  return json;
}

}  // namespace

Json read_checkpoint_state(const std::string& directory, FileSystem& fs) {
  return state_of(directory, read_manifest(directory, fs), fs);
}

Checkpoint Checkpoint::open(const std::string& directory, CheckpointScope scope, FileSystem& fs) {
  Checkpoint result;
  result.path_ = directory;
  result.complete_ = scope == CheckpointScope::everything;
  result.manifest_ = read_manifest(directory, fs, &result.manifest_sha256_);
  const auto open_file = [&](const char* name, bool whole) {
    return open_listed(directory, result.manifest_, name, whole ? Checksum::compare : Checksum::trust, fs);
  };
  File model = open_file(kModelFile, true);
  File optimizer = open_file(kOptimizerFile, result.complete_);
  File carried = open_file(kCarriedFile, result.complete_);
  result.state_ = state_of(directory, result.manifest_, fs);
  result.model_ = SafetensorsFile::open(std::move(model));
  if (result.complete_) {
    result.optimizer_ = SafetensorsFile::open(std::move(optimizer));
    result.carried_ = SafetensorsFile::open(std::move(carried));
  }
  return result;
}

const SafetensorsFile& Checkpoint::optimizer() const {
  ensure(complete_, "the whole checkpoint was opened");
  return optimizer_;
}

const SafetensorsFile& Checkpoint::carried() const {
  ensure(complete_, "the whole checkpoint was opened");
  return carried_;
}

}  // namespace moelm
