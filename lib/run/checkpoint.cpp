#include "run/checkpoint.hpp"

#include <utility>

#include "base/check.hpp"
#include "base/error.hpp"
#include "io/file.hpp"

namespace moelm {

namespace {

Json json_of(const File& file) {
  const JsonLimits limits;
  const Index size = file.size();
  if (size > limits.bytes)
    throw Error(Exit::bad_data, file.path() + ": size: expected at most " + std::to_string(limits.bytes) +
                                    " bytes, found " + std::to_string(size));
  std::string text(static_cast<std::size_t>(size), '\0');
  file.read_at(0, text.data(), text.size());
  Json json = parse_json(text, file.path(), limits);
  if (!json.is_object()) throw Error(Exit::bad_data, file.path() + ": expected an object");
  return json;
}

}  // namespace

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
  result.state_ = json_of(open_file(kStateFile, true));
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
