// The file that a fuzzer's bytes are read from, for readers of files: in memory, and the same one every time.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "support/temporary_directory.hpp"

namespace moelm {

/// A folder that lives as long as the process.
inline const std::string& scratch_folder() {
  static const TemporaryDirectory directory(memory_directory());
  static const std::string path = directory.path();
  return path;
}

/// Replaces the contents of a file in that folder; returns its path.
inline std::string put_scratch(std::string_view bytes, const std::string& name = "file") {
  const std::string path = scratch_folder() + "/" + name;
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool whole = file >= 0 && ::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
  if (file >= 0) ::close(file);
  if (!whole) throw std::runtime_error("cannot write " + path);
  return path;
}

/// Runs a reader; what it says against its data is returned, and must be a refusal: of data, of a configuration, or
/// of a perplexity that is not finite.
template <class Read>
std::string refusal_of(const Read& read) {
  try {
    read();
  } catch (const Error& error) {
    const bool data =
        error.exit() == Exit::bad_data || error.exit() == Exit::bad_config || error.exit() == Exit::diverged;
    if (!data || std::string_view(error.what()).empty()) throw std::logic_error(std::string("odd: ") + error.what());
    return error.what();
  }
  return "";
}

/// Ends the process where a reader's promise is broken.
inline void promise(bool kept, const char* what) {
  if (!kept) throw std::logic_error(what);
}

}  // namespace moelm
