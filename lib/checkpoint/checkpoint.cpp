#include "checkpoint/checkpoint.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "base/error.hpp"
#include "io/checksum.hpp"
#include "io/file.hpp"

namespace moelm {

namespace {

/// Reads the file once, so that the parsed bytes are the hashed ones.
Json read_state(const std::string& directory, const Manifest& manifest, FileSystem& fs) {
  const File file = open_listed(directory, manifest, kStateFile, Checksum::trust, fs);
  const JsonLimits limits;
  const Index size = file.size();
  if (size > limits.bytes)
    throw Error(Exit::bad_data, file.path() + ": size: expected at most " + std::to_string(limits.bytes) +
                                    " bytes, found " + std::to_string(size));
  std::string text(size, '\0');
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
  return read_state(directory, read_manifest(directory, fs), fs);
}

Checkpoint Checkpoint::open(const std::string& directory, CheckpointScope scope, FileSystem& fs) {
  Checkpoint result;
  result.path_ = directory;
  result.complete_ = scope == CheckpointScope::everything;
  result.manifest_ = read_manifest(directory, fs, &result.manifest_sha256_);
  const auto open_file = [&](const char* name) {
    return open_listed(directory, result.manifest_, name, Checksum::trust, fs);
  };
  const auto read_tensors = [&](File file, const char* name) {
    return SafetensorsFile::open_known(std::move(file), result.manifest_.find(name)->sha256);
  };
  const std::vector<std::string> left_out = files_left_out(directory, result.manifest_, fs);
  if (result.complete_ && !left_out.empty())
    throw Error(Exit::missing_input,
                join_path(directory, left_out.front()) +
                    ": expected the file, found nothing; a checkpoint without it can be evaluated, and a new run can " +
                    "start from it (moe-train --init), but it cannot be resumed");
  const auto open_for_resuming = [&](const char* name) {
    const bool out = std::find(left_out.begin(), left_out.end(), name) != left_out.end();
    return out ? File() : open_file(name);
  };
  File model = open_file(kModelFile);
  File optimizer = open_for_resuming(kOptimizerFile);
  File carried = open_for_resuming(kCarriedFile);
  result.model_ = read_tensors(std::move(model), kModelFile);
  if (result.complete_) {
    result.optimizer_ = read_tensors(std::move(optimizer), kOptimizerFile);
    result.carried_ = read_tensors(std::move(carried), kCarriedFile);
  }
  result.state_ = read_state(directory, result.manifest_, fs);
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
