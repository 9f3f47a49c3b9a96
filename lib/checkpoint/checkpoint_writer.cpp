#include "checkpoint/checkpoint_writer.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/version.hpp"
#include "checkpoint/checkpoint.hpp"
#include "checkpoint/checkpoint_removal.hpp"
#include "io/checksum.hpp"
#include "io/file.hpp"

namespace moelm {

namespace {

constexpr std::size_t kWritePiece = std::size_t{1} << 20;

/// A file of a checkpoint. All bytes are hashed before they are written.
class SummedFile {
 public:
  SummedFile(const std::string& directory, const char* name, Index bytes, FileSystem& fs)
      : file_(File::create(join_path(directory, name), fs)), listed_{name, 0, "", is_resume_only(name)} {
    file_.allocate(bytes);
  }

  void add(const void* bytes, std::size_t count) {
    const auto* from = static_cast<const char*>(bytes);
    listed_.bytes += static_cast<Index>(count);
    // In pieces, so that the hashed bytes are still in the cache when they are written.
    for (; count > 0; from += std::min(count, kWritePiece), count -= std::min(count, kWritePiece)) {
      sum_.add(from, std::min(count, kWritePiece));
      file_.write_all(from, std::min(count, kWritePiece));
    }
  }

  ManifestFile finish() {
    file_.sync();
    file_.close();
    listed_.sha256 = sum_.finish();
    return listed_;
  }

 private:
  File file_;
  Sha256 sum_;
  ManifestFile listed_;
};

ManifestFile write_tensors(const std::string& directory, const char* name, const std::vector<TensorView>& tensors,
                           FileSystem& fs) {
  const SafetensorsPlan plan = plan_safetensors(tensors, {{"format", "moelm"}});
  SummedFile file(directory, name, plan.bytes, fs);
  write_safetensors(plan, tensors, [&](const void* bytes, std::size_t count) { file.add(bytes, count); });
  return file.finish();
}

ManifestFile write_text(const std::string& directory, const char* name, const std::string& text, FileSystem& fs) {
  SummedFile file(directory, name, static_cast<Index>(text.size()), fs);
  file.add(text.data(), text.size());
  return file.finish();
}

void read_back(const std::string& directory, const ManifestFile& listed, FileSystem& fs) {
  File file = File::open_read(join_path(directory, listed.name), Links::refuse, fs);
  file.drop_cache();
  const Index size = file.size();
  if (size != listed.bytes || sha256_of_file(file, size) != listed.sha256)
    throw Error(Exit::io, file.path() + ": read back: expected the bytes that were written, found others");
}

// A name that no other attempt has used, so that the leftovers of a failed attempt do not mix with ours.
std::string make_temporary_directory(const std::string& checkpoints, const CheckpointName& name, FileSystem& fs) {
  for (int attempt = 0;; ++attempt) {
    std::string path = join_path(checkpoints, temporary_name(name.text(), attempt));
    if (make_directory(path, fs)) return path;
  }
}

std::string fill(const std::string& directory, const CheckpointContents& contents, const CheckpointName& name,
                 const std::string& best, FileSystem& fs) {
  Manifest manifest{name, best, std::string("moelm ") + version(), {}};
  manifest.files.push_back(write_tensors(directory, kModelFile, contents.model, fs));
  manifest.files.push_back(write_tensors(directory, kOptimizerFile, contents.optimizer, fs));
  manifest.files.push_back(write_tensors(directory, kCarriedFile, contents.carried, fs));
  manifest.files.push_back(write_text(directory, kStateFile, json_text(contents.state, 1) + "\n", fs));
  for (const ManifestFile& file : manifest.files) read_back(directory, file, fs);
  const ManifestFile written = write_text(directory, kManifestFile, manifest_text(manifest), fs);
  read_back(directory, written, fs);
  sync_directory(directory, fs);
  return written.sha256;
}

}  // namespace

Index checkpoint_bytes(const CheckpointContents& contents) {
  Index bytes = static_cast<Index>(json_text(contents.state, 1).size()) + 2048;  // and about 2 KiB for the manifest
  for (const auto* tensors : {&contents.model, &contents.optimizer, &contents.carried})
    bytes += plan_safetensors(*tensors).bytes;
  return bytes;
}

void require_finite(const CheckpointContents& contents) {
  for (const auto* tensors : {&contents.model, &contents.optimizer, &contents.carried})
    for (const TensorView& tensor : *tensors) {
      Index element = -1;
      with_data(tensor, static_cast<std::size_t>(tensor_bytes(tensor.type, tensor.shape).value_or(0)),
                [&](const void* data) {
                  element = first_non_finite(tensor.type, data, element_count(tensor.shape).value_or(0));
                });
      if (element >= 0)
        throw Error(Exit::diverged, "step " + std::to_string(contents.step) + ": tensor \"" + tensor.name +
                                        "\": element " + std::to_string(element) +
                                        ": expected a finite number, found NaN or infinity; not saved");
    }
}

std::string write_checkpoint(const std::string& checkpoints, const CheckpointContents& contents,
                             const CheckpointName& name, const std::string& best, FileSystem& fs) {
  const std::string temporary = make_temporary_directory(checkpoints, name, fs);
  const std::string path = join_path(checkpoints, name.text());
  std::string sum;
  try {
    sum = fill(temporary, contents, name, best, fs);
    if (!rename_no_replace(temporary, path, fs))
      throw Error(Exit::io, path + ": rename: expected no such checkpoint, found one");
  } catch (...) {
    remove_checkpoint_folder(temporary, fs);
    throw;
  }
  sync_directory(checkpoints, fs);
  return sum;
}

}  // namespace moelm
