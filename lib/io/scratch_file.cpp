#include "io/scratch_file.hpp"

#include <unistd.h>

#include "base/error.hpp"

namespace moelm {

namespace {

constexpr int kAttempts = 10'000;

}  // namespace

ScratchFile::ScratchFile(const std::string& directory) {
  std::string path;
  for (int attempt = 0;; ++attempt) {
    path = join_path(directory, ".moelm-scratch-" + std::to_string(::getpid()) + "-" + std::to_string(attempt));
    if (attempt == kAttempts || !path_exists(path)) break;
  }
  writer_ = File::create(path);
  try {
    reader_ = File::open_read(path, Links::refuse);
  } catch (...) {
    remove_file(path);
    throw;
  }
  if (!remove_file(path)) throw Error(Exit::io, path + ": cannot remove the name of a temporary file");
}

void ScratchFile::append(std::string_view bytes) {
  writer_.write_all(bytes);
  size_ += bytes.size();
}

}  // namespace moelm
