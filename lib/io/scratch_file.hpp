// An unnamed temporary file. It disappears when the program ends or is killed.
#pragma once

#include <string>
#include <string_view>

#include "io/file.hpp"

namespace moelm {

/// Bytes are appended at the end and read anywhere. Reading is thread-safe, writing is not.
class ScratchFile {
 public:
  /// Creates the file on the disk of `directory`.
  explicit ScratchFile(const std::string& directory);

  void append(std::string_view bytes);
  Index size() const { return size_; }
  void read_at(Index offset, void* bytes, std::size_t count) const { reader_.read_at(offset, bytes, count); }
  /// For reading in sequence.
  int read_descriptor() const { return reader_.descriptor(); }

 private:
  File writer_, reader_;
  Index size_ = 0;
};

}  // namespace moelm
